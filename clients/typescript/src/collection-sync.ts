import type { PendingMutation, SyncConfig } from "@tanstack/db";
import { callSafely } from "./callbacks.js";
import type { TaskClient } from "./client.js";
import { defaultStore, type DeviceStore, inTime } from "./device-store.js";
import { type NewEdit, updateOf } from "./edits.js";
import { followTasks, type LiveStatus } from "./live.js";
import { Outbox, type OutboxOptions } from "./outbox.js";
import { type RowChange, Rows } from "./rows.js";
import { removeStoredTasks, StoredCopy } from "./stored-copy.js";
import type { Task } from "./types.js";
import { abortWith, onAbort } from "./wait.js";

/** The connection of a collection to the server. */
export interface SyncState {
  connection: LiveStatus;
  /** The number of edits that the server does not have yet. */
  pending: number;
  /** Why they are not stored on the device, or else why they wait, such as a `SignedOutError`. */
  error: unknown;
}

type SyncedCollection = Parameters<SyncConfig<Task, string>["sync"]>[0];

const STARTING: SyncState = { connection: "connecting", pending: 0, error: undefined };

/** Connects a collection to the server, from its start until its cleanup, with the tasks of one session after another. */
export class CollectionSync {
  readonly #listeners = new Set<() => void>();
  #state = STARTING;
  #run: { rows: Rows; outbox: Outbox } | undefined;
  /** That of the session, if the collection was started in it. */
  #copy: StoredCopy | undefined;
  readonly #options: OutboxOptions & { store: DeviceStore };

  constructor(
    private readonly client: TaskClient,
    options: OutboxOptions,
  ) {
    this.#options = { ...options, store: inTime(options.store ?? defaultStore()) };
    this.#removeTasksAfterSession();
  }

  /** Remove the tasks of each session from the device when it ends, also while the collection is stopped. */
  #removeTasksAfterSession(): void {
    onAbort(this.client.session(), () => {
      removeStoredTasks(this.client, this.#options.store, this.#copy?.user);
      this.#copy = undefined;
      this.#removeTasksAfterSession();
    });
  }

  /** Follow the server, and send edits. Returns a function that stops. */
  start(collection: SyncedCollection): () => void {
    const stopping = abortWith();
    this.#startSession(collection, stopping.signal);
    return () => stopping.abort();
  }

  /** Follow the server until the session ends; then remove its tasks, and start the next one. */
  #startSession(collection: SyncedCollection, stopped: AbortSignal): void {
    const { signal } = abortWith(this.client.session(), stopped);
    const rows = new Rows((changes) => {
      if (!signal.aborted) publish(collection, changes);
    });
    const report = (changed: Partial<SyncState>): void => {
      if (!signal.aborted) this.#report(changed, outbox.storageError);
    };
    const copy = new StoredCopy(this.client, this.#options.store, rows, signal);
    const outbox: Outbox = new Outbox(this.client, rows, copy, this.#options, report, signal);
    this.#run = { rows, outbox };
    this.#copy = copy;
    void outbox.run();
    void rows.loaded.then(() => collection.markReady());
    followTasks(this.client, {
      since: () => copy.open(outbox.opened),
      onChange: (batch) => copy.receive(batch),
      onStatus: (connection, error) => report({ connection, error }),
      signal,
    });
    onAbort(signal, () => stopped.aborted || this.#restart(collection, stopped));
  }

  #restart(collection: SyncedCollection, stopped: AbortSignal): void {
    empty(collection);
    this.#report(STARTING);
    setTimeout(() => stopped.aborted || this.#startSession(collection, stopped)); // first, the caller changes the user
  }

  /** Store the edits of a transaction; from then on they are a part of the rows. */
  readonly save = async ({ transaction }: { transaction: { mutations: PendingMutation<Task>[] } }) => {
    if (!this.#run) return;
    const { rows, outbox } = this.#run;
    await outbox.add(transaction.mutations.flatMap((mutation) => editOf(mutation, rows) ?? []));
  };

  readonly state = (): SyncState => this.#state;

  readonly subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  #report(changed: Partial<SyncState>, storageError?: unknown): void {
    const state = { ...this.#state, ...changed };
    this.#state = { ...state, error: storageError ?? state.error };
    for (const listener of this.#listeners) callSafely(listener);
  }
}

function empty({ begin, truncate, commit }: SyncedCollection): void {
  begin();
  truncate();
  commit();
}

function publish({ begin, write, commit }: SyncedCollection, changes: RowChange[]): void {
  begin();
  for (const change of changes) write(change);
  commit();
}

function editOf({ type, modified, original, changes }: PendingMutation<Task>, rows: Rows): NewEdit | undefined {
  const edit = { uid: modified.uid, at: new Date().toISOString() };
  if (type === "delete") return { ...edit, op: "delete", revision: modified.revision };
  if (type === "update") return updateOf(original as Task, changes, edit);
  const op = rows.task(modified.uid) ? "restore" : "create";
  return { ...edit, op, task: { ...modified, deleted_at: null } };
}
