import type { TaskBatch } from "./copy.js";
import { applyEdit, type Edit } from "./edits.js";
import type { Task } from "./types.js";

/** A change of a row, as TanStack DB writes it. */
export type RowChange = { type: "insert" | "update"; value: Task } | { type: "delete"; key: string };

/** The tasks as the user sees them: those of the server, with the edits that the server may not have yet. */
export class Rows {
  /** The tasks by their uid as changes have brought them, also those that are deleted. */
  #tasks = new Map<string, Task>();
  /** The revision up to which they have. */
  #position = 0;
  /** The tasks of responses, until the position has reached them, because a response may arrive after a purge. */
  readonly #written = new Map<string, Task>();
  #edits = new Map<string, Edit[]>();
  readonly #shown = new Map<string, Task>();
  /** The tasks of a first load that is not complete. */
  #loading: Map<string, Task> | undefined;
  /** The uids of tasks that have changed and are not shown yet. */
  readonly #changed = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #finishLoad = () => {};
  /** Resolves when all tasks have been loaded once, from the server or from the device. */
  readonly loaded = new Promise<void>((resolve) => {
    this.#finishLoad = resolve;
  });

  constructor(private readonly publish: (changes: RowChange[]) => void) {}

  /** Return the server's task, also if it is deleted; undefined if there is none. */
  task(uid: string): Task | undefined {
    return this.#written.get(uid) ?? this.#tasks.get(uid);
  }

  /** Return the uids of the server's tasks, also of those that are deleted. */
  uids(): string[] {
    return [...this.#tasks.keys(), ...this.#written.keys()];
  }

  /** Apply changes. A first load is shown when it is complete, others with those that arrive at the same time. */
  receive({ tasks, reset, more, since }: TaskBatch): void {
    if (reset) this.#loading = new Map();
    for (const task of tasks) (this.#loading ?? this.#tasks).set(task.uid, task);
    if (this.#loading && more) return;
    this.#position = Number.parseInt(since); // of a load that is not complete, such as 55-66, the first number
    if (this.#loading) return this.#replace(this.#loading);
    this.#forgetWritten();
    this.#showSoon(tasks);
  }

  /** Apply the tasks of responses. A deleted one has the revision before, because the response to a deletion has none. */
  write(tasks: Task[]): void {
    for (const task of tasks) {
      const known = this.#written.get(task.uid);
      if (!known || task.revision >= known.revision) this.#written.set(task.uid, task);
    }
    this.#forgetWritten();
    this.#show(tasks.map(({ uid }) => uid));
  }

  /** Replace the edits. */
  edit(edits: Edit[]): void {
    const before = this.#edits;
    this.#edits = new Map();
    for (const edit of edits) this.#edits.set(edit.uid, [...(this.#edits.get(edit.uid) ?? []), edit]);
    this.#show([...before.keys(), ...this.#edits.keys()]);
  }

  #replace(tasks: Map<string, Task>): void {
    const before = this.#tasks;
    this.#tasks = tasks;
    this.#loading = undefined;
    this.#forgetWritten();
    this.#show([...before.keys(), ...tasks.keys(), ...this.#edits.keys()]);
    this.#finishLoad();
  }

  /** Forget tasks of responses that the changes have reached: changed, deleted or purged since, they are as the changes say. */
  #forgetWritten(): void {
    for (const [uid, { deleted_at, revision }] of this.#written) {
      const isDeletionAhead = deleted_at !== null && this.#tasks.get(uid)?.revision === revision;
      if (revision > this.#position || isDeletionAhead) continue;
      this.#written.delete(uid);
      this.#changed.add(uid);
    }
  }

  /** Show tasks with those that arrive at the same time, because each showing runs all live queries. */
  #showSoon(tasks: Task[]): void {
    for (const { uid } of tasks) this.#changed.add(uid);
    this.#timer ??= setTimeout(() => this.#show([]));
  }

  #show(uids: string[]): void {
    const changes = [...new Set([...this.#changed, ...uids])].flatMap((uid) => this.#change(uid));
    this.#changed.clear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (changes.length > 0) this.publish(changes);
  }

  #change(uid: string): RowChange[] {
    const task = this.task(uid);
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
