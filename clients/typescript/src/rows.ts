import type { TaskBatch } from "./copy.js";
import { applyEdit, type Edit } from "./edits.js";
import type { Task } from "./types.js";

/** A change of a row, as TanStack DB writes it. */
export type RowChange = { type: "insert" | "update"; value: Task } | { type: "delete"; key: string };

/** The tasks as the user sees them: those of the server, with the edits that the server may not have yet. */
export class Rows {
  /** The server's tasks by their uid, also those that are deleted. */
  #tasks = new Map<string, Task>();
  #edits = new Map<string, Edit[]>();
  readonly #shown = new Map<string, Task>();
  /** The tasks of a first load that is not complete. */
  #loading: Map<string, Task> | undefined;
  /** The uids of tasks that have arrived and are not shown yet. */
  readonly #hidden = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #finishLoad = () => {};
  /** Resolves when all tasks have been loaded once. */
  readonly loaded = new Promise<void>((resolve) => {
    this.#finishLoad = resolve;
  });

  constructor(private readonly publish: (changes: RowChange[]) => void) {}

  /** Return the server's task, also if it is deleted; undefined if there is none. */
  task(uid: string): Task | undefined {
    return this.#tasks.get(uid);
  }

  /** Apply changes from the server. A first load is shown when it is complete. */
  receive({ tasks, reset, more }: TaskBatch): void {
    if (reset) this.#loading = new Map();
    if (!this.#loading) return this.#showSoon(tasks);
    keepNewest(this.#loading, tasks);
    if (more) return;
    const before = this.#tasks;
    this.#tasks = this.#loading;
    this.#loading = undefined;
    this.#show([...before.keys(), ...this.#tasks.keys(), ...this.#edits.keys()]);
    this.#finishLoad();
  }

  /** Apply tasks of the server, unless newer ones are known. */
  apply(tasks: Task[]): void {
    keepNewest(this.#tasks, tasks);
    if (this.#loading) keepNewest(this.#loading, tasks);
    this.#show(tasks.map(({ uid }) => uid));
  }

  /** Apply tasks of the server, and show them with those that arrive at the same time: each showing runs all live queries. */
  #showSoon(tasks: Task[]): void {
    keepNewest(this.#tasks, tasks);
    for (const { uid } of tasks) this.#hidden.add(uid);
    this.#timer ??= setTimeout(() => this.#show([]));
  }

  /** Replace the edits. */
  edit(edits: Edit[]): void {
    const before = this.#edits;
    this.#edits = new Map();
    for (const edit of edits) this.#edits.set(edit.uid, [...(this.#edits.get(edit.uid) ?? []), edit]);
    this.#show([...before.keys(), ...this.#edits.keys()]);
  }

  #show(uids: string[]): void {
    const changes = [...new Set([...this.#hidden, ...uids])].flatMap((uid) => this.#change(uid));
    this.#hidden.clear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (changes.length > 0) this.publish(changes);
  }

  #change(uid: string): RowChange[] {
    const task = this.#tasks.get(uid);
    const live = task?.deleted_at === null ? task : undefined;
    const value = (this.#edits.get(uid) ?? []).reduce(applyEdit, live);
    const before = this.#shown.get(uid);
    if (value === before) return [];
    if (!value) {
      this.#shown.delete(uid);
      return [{ type: "delete", key: uid }];
    }
    this.#shown.set(uid, value);
    return [{ type: before ? "update" : "insert", value }];
  }
}

function keepNewest(copy: Map<string, Task>, tasks: Task[]): void {
  for (const task of tasks) {
    const known = copy.get(task.uid);
    if (!known || task.revision >= known.revision) copy.set(task.uid, task);
  }
}
