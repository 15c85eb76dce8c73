import type { TaskClient } from "./client.js";
import type { TaskBatch } from "./copy.js";
import { type DeviceStore, STORE_MS } from "./device-store.js";
import type { Rows } from "./rows.js";
import type { Task } from "./types.js";
import { backoff, onAbort, orAbort, withTimeout } from "./wait.js";

/** Another number drops the copies of earlier versions: choose one when the members of a task change. */
export const FORMAT = 1;

/** Whose tasks a copy has, and their sync token, which is empty before the first load is stored. */
interface Head {
  format: number;
  user: string;
  since: string;
}

/** The stored position on which changes build; or the position that was left when the copy began anew. */
type Base = { after: number } | { left: number };

/** Remove the stored tasks from the device: those of a user, or of any where it is not known whose session has ended. */
export function removeStoredTasks(client: TaskClient, store: DeviceStore, user: string | undefined): void {
  const prefix = prefixOf(client);
  const isMet = (head: unknown) => user === undefined || (head as Head | undefined)?.user === user;
  store.writeIf?.({ key: prefix, isMet }, {}, prefix).catch(() => {});
}

function prefixOf({ baseUrl }: TaskClient): string {
  return `task-api:tasks:${encodeURIComponent(baseUrl)}:`;
}

/**
 * Stores the server's tasks with their sync token, for pages that open later. An API has one copy, of the last user. A task
 * of a response may be newer than the token: then the changes since the token have it again.
 */
export class StoredCopy {
  readonly #prefix: string;
  #user: string | undefined;
  #hasBegun = false;
  #base: Base = { after: 0 };
  /** The sync token of the last batch. */
  #since = "";
  #isLoading = false;
  /** The uids of tasks that are not stored as they are now. */
  #changed = new Set<string>();
  #storing: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #finishLoad = () => {};
  /** Resolves when the rows have been those of the server once. */
  readonly loaded = new Promise<void>((resolve) => {
    this.#finishLoad = resolve;
  });

  constructor(
    private readonly client: TaskClient,
    private readonly store: DeviceStore,
    private readonly rows: Rows,
    private readonly signal: AbortSignal,
  ) {
    this.#prefix = prefixOf(client);
    onAbort(signal, () => clearTimeout(this.#timer));
  }

  /** Whose tasks these are; undefined as long as it is not known. */
  get user(): string | undefined {
    return this.#user;
  }

  /** Show the stored tasks of the user with the pending edits, and return their sync token; undefined to load everything. */
  async open(edits: Promise<void>): Promise<string | undefined> {
    this.#user = await orAbort(this.client.user(), this.signal);
    const [stored] = await this.#inTime(() => Promise.all([this.#read(), edits])).catch(() => []);
    if (!stored?.since) return undefined;
    this.#since = stored.since;
    this.#base = { after: Number(stored.since) };
    this.rows.receive({ ...stored, reset: true, more: false });
    return stored.since === "0" ? undefined : stored.since; // after 0 the server omits the deletions that it has purged
  }

  /** Apply changes to the rows, and store them soon, together with those that follow. */
  receive(batch: TaskBatch): void {
    this.rows.receive(batch);
    const { tasks, since, reset, more } = batch;
    if (reset) {
      this.#base = { left: Number(this.#since) };
      this.#changed.clear();
      this.#isLoading = true;
      this.#storing = this.#storing.then(() => this.#empty()); // what edits change meanwhile would be missing
    }
    for (const { uid } of tasks) this.#changed.add(uid);
    if (more) return;
    this.#isLoading = false;
    this.#since = since;
    this.#finishLoad();
    this.#storeSoon();
  }

  /** Apply the tasks of responses to the rows, and store them at once, because the edits end then that they contain. */
  async write(tasks: Task[]): Promise<void> {
    this.rows.write(tasks);
    for (const { uid } of tasks) this.#changed.add(uid);
    if (tasks.length === 0) return;
    const store = () => (this.#failures > 0 ? this.#storing : this.#storeNext()); // after a failure, until it is empty
    await this.#inTime(store).catch(() => {});
  }

  #inTime<Value>(act: () => Promise<Value>): Promise<Value> {
    return orAbort(withTimeout(act, [], STORE_MS), this.signal);
  }

  async #read(): Promise<{ tasks: Task[]; since: string } | undefined> {
    if (this.#user === undefined || !this.store.writeIf) return undefined;
    const [head, ...tasks] = await this.store.read(this.#prefix);
    this.#hasBegun = this.#isOwn(head);
    if (this.#isOwn(head)) return { tasks: tasks as Task[], since: head.since };
    await this.#begin((other) => !this.#isOwn(other)); // of another user or format
    return undefined;
  }

  /** Begin a copy that has no tasks, in the place of what may be replaced. */
  async #begin(isReplaced: (head: unknown) => boolean): Promise<void> {
    const isMet = (head: unknown) => !this.signal.aborted && isReplaced(head);
    await this.store.writeIf?.({ key: this.#prefix, isMet }, { [this.#prefix]: this.#headAt("") }, this.#prefix);
    this.#hasBegun = true;
  }

  #storeSoon(): void {
    if (this.signal.aborted) return;
    this.#timer ??= setTimeout(() => void this.#storeNext(), backoff(this.#failures));
  }

  /** Store after what is being stored. */
  #storeNext(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return (this.#storing = this.#storing.then(() => this.#store()));
  }

  async #store(): Promise<void> {
    if (this.signal.aborted || this.#isLoading || this.#user === undefined) return;
    const [base, since, changed] = [this.#base, this.#since, this.#changed];
    this.#changed = new Set();
    const values = Object.fromEntries([...changed].map((uid) => [this.#prefix + uid, this.#live(uid)]));
    const cleared = "left" in base ? this.#prefix : undefined;
    let position = Number(since);
    const isMet = (head: unknown) => {
      if (this.#isOwn(head)) position = Number(head.since);
      return this.#isBehind(head, base, since);
    };
    try {
      if (!this.#hasBegun) await this.#begin((head) => head === undefined); // later, another user may have begun one
      await this.store.writeIf?.({ key: this.#prefix, isMet }, { ...values, [this.#prefix]: this.#headAt(since) }, cleared);
      this.#failures = 0;
    } catch {
      return this.makeRoom();
    }
    const isEmptied = "after" in base && position < base.after; // by another tab
    if (isEmptied) this.#storeAll(position);
    else if (this.#base === base) this.#base = { after: Number(since) };
  }

  /** Empty the copy, which is out of date or takes the space of edits, and store all tasks later. */
  async makeRoom(): Promise<void> {
    this.#failures++;
    await this.#empty();
    this.#storeAll(0);
  }

  /** Remove the tasks, and store no others from this page. */
  async drop(): Promise<void> {
    await this.#empty();
    this.#user = undefined;
  }

  #storeAll(left: number): void {
    this.#base = { left };
    for (const uid of this.rows.uids()) this.#changed.add(uid);
    this.#storeSoon();
  }

  /** Empty the copy, unless another tab has stored a newer one. */
  async #empty(): Promise<void> {
    const isMet = (head: unknown) => this.#isOwn(head) && Number(head.since) <= Number(this.#since);
    await this.store.writeIf?.({ key: this.#prefix, isMet }, { [this.#prefix]: this.#headAt("") }, this.#prefix).catch(() => {});
  }

  /** Whether the stored copy is this user's and not newer than the changes, and not older than what they build on. */
  #isBehind(head: unknown, base: Base, since: string): boolean {
    if (this.signal.aborted || !this.#isOwn(head)) return false;
    const position = Number(head.since);
    if ("left" in base) return position <= base.left || position < Number(since);
    return base.after <= position && position <= Number(since);
  }

  #isOwn(value: unknown): value is Head {
    const head = value as Head | undefined;
    return head?.format === FORMAT && head.user === this.#user;
  }

  #headAt(since: string): Head {
    return { format: FORMAT, user: this.#user ?? "", since };
  }

  /** Return the server's task, undefined if it is deleted. */
  #live(uid: string): Task | undefined {
    const task = this.rows.task(uid);
    return task?.deleted_at === null ? task : undefined;
  }
}
