import { callSafely } from "./callbacks.js";
import type { TaskClient } from "./client.js";
import { isHidden } from "./connectivity.js";
import type { DeviceStore, Values } from "./device-store.js";
import {
  conflictingChanges,
  type Edit,
  isEmpty,
  joinUpdates,
  mergeUpdate,
  type NewEdit,
  type OnConflict,
  type Operation,
  operationOf,
  type Update,
} from "./edits.js";
import { NetworkError, ProblemError } from "./errors.js";
import { FallbackStore } from "./fallback-store.js";
import { persist } from "./persist.js";
import type { Rows } from "./rows.js";
import { type KnownTasks, settle } from "./settle.js";
import type { StoredCopy } from "./stored-copy.js";
import { connectTabs, type Tabs } from "./tabs.js";
import type { OperationResult, Task } from "./types.js";
import { newUid } from "./uid.js";
import { onAbort, orAbort } from "./wait.js";
import { WrittenForms } from "./written-forms.js";

export interface OutboxOptions {
  /** Decides on members that somebody else has changed, too; by default the server's values stay. */
  onConflict?: OnConflict | undefined;
  /** Gets an edit that the server refuses, and that is undone. The message of the error can be shown. */
  onRejected?: ((error: ProblemError, edit: Edit) => void) | undefined;
  /** Stores tasks and edits on the device, instead of IndexedDB. */
  store?: DeviceStore | undefined;
}

/** A bulk that is stored with its key before it is sent, so that every repetition of it is the same request. */
interface StoredRequest {
  key: string;
  /** The ids of the edits. */
  edits: string[];
  operations: Operation[];
}

const MAX_OPERATIONS = 100;
const WITHOUT_USER = "Edits need the option `userId`, because the token has no claim `sub` that names their user.";

/** Stores the edits of a user, and sends them in their order, by one tab of the browser. */
export class Outbox {
  #edits: Edit[] = [];
  /** The edits that wait to be stored. */
  #added: Edit[] = [];
  readonly #forms = new WrittenForms();
  #changing: Promise<unknown> = Promise.resolve();
  readonly #store: FallbackStore;
  #prefix = "";
  #tabs: Tabs<Task[]> | undefined;
  #sending: AbortSignal | undefined;
  #size = MAX_OPERATIONS;
  #reading: Promise<void> = Promise.resolve();
  #nextReading: Promise<void> | undefined;
  #wake = () => {};
  #finishOpening = () => {};
  #failOpening = (_error: unknown) => {};
  /** Resolves when the user is known; rejects if there is none. */
  #opened = new Promise<void>((resolve, reject) => {
    this.#finishOpening = resolve;
    this.#failOpening = reject;
  });

  constructor(
    private readonly client: TaskClient,
    private readonly rows: Rows,
    private readonly copy: StoredCopy,
    private readonly options: OutboxOptions & { store: DeviceStore },
    private readonly report: (state: { pending?: number; error?: unknown }) => void,
    private readonly signal: AbortSignal,
  ) {
    const keyOf = (value: Edit | StoredRequest) => ("id" in value ? this.#keyOf(value.id) : this.#requestKey);
    this.#store = new FallbackStore(
      options.store,
      (value) => keyOf(value as Edit | StoredRequest),
      () => copy.makeRoom(),
    );
  }

  /** Resolves when the edits of the user are shown; rejects if there is no user. */
  get opened(): Promise<void> {
    return this.#opened;
  }

  /** Why edits are in memory only, and end with the page; undefined if none are. */
  get storageError(): unknown {
    return this.#store.error;
  }

  /** Send the edits until the signal is aborted. */
  async run(): Promise<void> {
    this.#opened.catch(() => {}); // no edit may wait for it
    await this.#persist(() => this.#open(), this.signal);
    if (this.signal.aborted) return;
    globalThis.document?.addEventListener("visibilitychange", () => void this.#show(), { signal: this.signal });
    const sending = this.#tabs?.lead((signal) => this.#send(signal), this.signal);
    this.#finishOpening();
    this.#opened = Promise.resolve();
    await sending;
  }

  /**
   * Store edits. They are sent as soon as the network and the server allow.
   *
   * @throws SignedOutError There is no session, or it ends before the user is known.
   */
  async add(edits: NewEdit[]): Promise<void> {
    await orAbort(this.#opened, this.signal);
    const newest = this.#edits.at(-1)?.id;
    this.#added.push(...edits.map((edit) => ({ ...edit, id: newUid(newest) })));
    await this.#inTurn(() => this.#storeAdded());
    this.#wake();
    this.#takeOver();
  }

  /** Store the edits that wait for it, together. */
  async #storeAdded(): Promise<void> {
    const added = this.#added.map((edit) => this.#forms.follow(edit));
    this.#added = [];
    if (added.length === 0) return;
    await this.#store.write(Object.fromEntries(added.map((edit) => [this.#keyOf(edit.id), edit])));
    this.#tabs?.post([]);
    await this.#refresh();
  }

  async #open(): Promise<void> {
    const user = await this.#user();
    const name = ["task-api:edits", encodeURIComponent(this.client.baseUrl), encodeURIComponent(user)].join(":");
    this.#prefix = `${name}:`;
    this.#tabs ??= connectTabs(name, (tasks) => this.#receive(tasks), this.signal);
    await this.#store.open(this.#keyOf(""));
    await this.#read();
  }

  /** Return the user, or reject edits if there is none. Without a network there is one, who will be known later. */
  async #user(): Promise<string> {
    try {
      const user = await orAbort(this.client.user(), this.signal);
      if (user === undefined) throw new TypeError(WITHOUT_USER);
      return user;
    } catch (error) {
      if (!(error instanceof NetworkError)) this.#failOpening(error);
      throw error;
    }
  }

  /** Send from this tab, if it is the one that the user looks at: there the user sees conflicts. */
  #takeOver(): void {
    const isSender = this.#sending && !this.#sending.aborted;
    if (!isSender && !isHidden() && this.#edits.length > 0) this.#tabs?.takeOver();
  }

  /** Show and send what other tabs may have stored without telling, because they ended. */
  async #show(): Promise<void> {
    await this.#refresh();
    this.#wake();
    this.#takeOver();
  }

  /** Receive tasks that another tab has written. */
  #receive(tasks: Task[]): void {
    this.rows.write(tasks);
    void this.#refresh().then(() => this.#wake());
  }

  async #send(signal: AbortSignal): Promise<void> {
    this.#sending = signal;
    this.#tabs?.post([]); // because the sender before may have ended without telling what it has sent
    onAbort(signal, () => this.#wake());
    while (!signal.aborted) {
      const changed = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await this.#persist((attempt) => this.#sendAll(attempt.signal), signal);
      if (!signal.aborted) await changed;
    }
    this.report({ error: undefined }); // another tab sends, and knows better
  }

  async #sendAll(signal: AbortSignal): Promise<void> {
    await this.#read();
    while (this.#edits.length > 0) {
      await orAbort(this.copy.loaded, signal); // not those of the device, which may be out of date
      const request = await this.#inTurn(() => this.#request());
      if (request) await this.#sendOnce(request, signal);
      await this.#read();
    }
    this.report({ error: undefined });
  }

  /** Return the request that may have been sent before, or store a new one; undefined if conflicts leave nothing to send. */
  async #request(): Promise<StoredRequest | undefined> {
    const [stored] = await this.#store.read(this.#requestKey);
    await this.#read(); // after the request, because a page that ends may just have deleted both
    if (stored) return stored as StoredRequest;
    const { batch, changed } = this.#merge();
    const request: StoredRequest | undefined =
      batch.length > 0
        ? { key: newUid(), edits: batch.map(({ id }) => id), operations: batch.map(operationOf) }
        : undefined;
    const isStored = await this.#writeIf(undefined, { ...changed, [this.#requestKey]: request });
    if (!request) this.#tabs?.post([]); // otherwise its end is posted
    return isStored ? request : undefined;
  }

  /** Merge the first edits into the tasks as they are now, at most one for each task. */
  #merge() {
    const batch: Edit[] = [];
    const changed: Record<string, Edit | undefined> = {};
    const uids = new Set<string>();
    for (const edit of this.#edits) {
      if (uids.has(edit.uid) || batch.length === this.#size) break;
      uids.add(edit.uid);
      const task = this.rows.task(edit.uid);
      const merged = task?.deleted_at === null ? this.#mergeOne(edit, task, changed) : edit;
      if (merged) batch.push(merged);
      if (merged !== edit) changed[this.#keyOf(edit.id)] = merged;
    }
    return { batch, changed };
  }

  /** Merge an edit, and an update in conflict together with later ones, so that the user's last values are decided on. */
  #mergeOne(edit: Edit, task: Task, changed: Record<string, Edit | undefined>): Edit | undefined {
    if (edit.op === "delete") return { ...edit, revision: task.revision };
    if (edit.op !== "update") return edit;
    if (isEmpty(conflictingChanges(edit, task))) return mergeUpdate(edit, task, undefined);
    const isLater = (each: Edit): each is Update => each.op === "update" && each.uid === edit.uid && each.id > edit.id;
    const later = this.#edits.filter(isLater);
    for (const { id } of later) changed[this.#keyOf(id)] = undefined;
    return mergeUpdate(joinUpdates([edit, ...later]), task, this.options.onConflict);
  }

  async #sendOnce(request: StoredRequest, signal: AbortSignal): Promise<void> {
    const { key, operations } = request;
    const before = new Map(this.#edits.map(({ uid }) => [uid, this.rows.task(uid)]));
    try {
      const options = { idempotencyKey: key, signal };
      const { results } = await this.client.bulk({ operations, atomic: false }, options);
      this.#size = MAX_OPERATIONS;
      await this.#settle(request, results, before);
    } catch (error) {
      if (!(error instanceof ProblemError) || ![413, 422].includes(error.status)) throw error;
      await this.#refuse(request, error, before);
    }
  }

  /** Send fewer edits where a request is refused as a whole, until the one is found that is too large or invalid. */
  async #refuse(request: StoredRequest, { status, problem }: ProblemError, before: KnownTasks): Promise<void> {
    const { edits } = request;
    this.#size = Math.ceil(edits.length / 2);
    if (edits.length > 1) await this.#writeIf(request.key, { [this.#requestKey]: undefined });
    else await this.#settle(request, [{ status, problem: problem ?? null, task: null }], before);
  }

  /** Apply the results of a request, and delete the edits that the server has or refuses. */
  async #settle({ key, edits }: StoredRequest, results: OperationResult[], before: KnownTasks): Promise<void> {
    const settleAll = () => settle(this.#edits, edits, results, before);
    const { tasks, done } = settleAll();
    for (const [edit, task] of done) this.#forms.remember(edit, task);
    await this.copy.write(tasks); // first, so that a page that ends has stored the tasks or the edits
    const settled = await this.#inTurn(() => this.#end(key, settleAll));
    this.#tabs?.post(tasks);
    if (!settled) return; // another tab has settled it, or the next page will
    const { rejected, failure } = settled;
    if (failure?.status === 412) await this.copy.drop(); // so that the next page loads all tasks
    for (const [error, edit] of rejected) callSafely(() => this.options.onRejected?.(error, edit));
    if (failure) throw failure;
  }

  /** Store what the results of a request mean for the edits, and return it, if the request is still stored. */
  async #end<Settled extends { changed: object }>(key: string, settleAll: () => Settled): Promise<Settled | undefined> {
    await this.#read();
    const settled = settleAll();
    const values = Object.entries(settled.changed).map(([id, edit]) => [this.#keyOf(id), edit]);
    const isStored = await this.#writeIf(key, { ...Object.fromEntries(values), [this.#requestKey]: undefined });
    await this.#refresh();
    return isStored ? settled : undefined;
  }

  /** Write while the stored request has this key, or there is none, and the page has not ended; return whether it is so. */
  #writeIf(key: string | undefined, values: Values): Promise<boolean> {
    const isMet = (stored: unknown) => !this.signal.aborted && (stored as StoredRequest | undefined)?.key === key;
    return this.#store.writeIf({ key: this.#requestKey, isMet }, values);
  }

  /** Read and write edits after others do, so that no edit is stored between the reading and the writing of another. */
  #inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    const turn = this.#changing.then(act);
    this.#changing = turn.catch(() => {});
    return turn;
  }

  #persist(act: (attempt: AbortController) => Promise<void>, signal: AbortSignal): Promise<void> {
    return persist(act, signal, (error) => this.report({ error }));
  }

  get #requestKey(): string {
    return `${this.#prefix}request`;
  }

  #keyOf(id: string): string {
    return `${this.#prefix}edit:${id}`;
  }

  /** Read the edits after a write, which has succeeded whether they can be read or not. */
  #refresh(): Promise<void> {
    return this.#read().catch((error) => this.report({ error }));
  }

  /** Read the edits of all tabs, one reading after another; those that wait for the same one share it. */
  #read(): Promise<void> {
    this.#nextReading ??= this.#reading.then(async () => {
      this.#nextReading = undefined;
      this.#edits = (await this.#store.read(this.#keyOf(""))) as Edit[];
      if (this.signal.aborted) return;
      this.rows.edit(this.#edits);
      this.report({ pending: this.#edits.length });
    });
    this.#reading = this.#nextReading.catch(() => {});
    return this.#nextReading;
  }
}
