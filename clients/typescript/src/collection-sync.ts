import type { PendingMutation, SyncConfig } from "@tanstack/db";
import type { TaskClient } from "./client.js";
import { type Edit, updateOf } from "./edits.js";
import { followTasks, type LiveStatus } from "./live.js";
import { Outbox, type OutboxOptions } from "./outbox.js";
import { type RowChange, Rows } from "./rows.js";
import type { Task } from "./types.js";
import { abortWith } from "./wait.js";

/** The connection of a collection to the server. */
export interface SyncState {
  connection: LiveStatus;
  /** The number of edits that the server does not have yet. */
  pending: number;
  /** The reason why they wait, such as a `SignedOutError`. */
  error: unknown;
}

type SyncedCollection = Parameters<SyncConfig<Task, string>["sync"]>[0];

/** Connects a collection to the server, from its start until its cleanup or the end of the session. */
export class CollectionSync {
  readonly #listeners = new Set<() => void>();
  #state: SyncState = { connection: "connecting", pending: 0, error: undefined };
  #run: { rows: Rows; outbox: Outbox } | undefined;

  constructor(
    private readonly client: TaskClient,
    private readonly options: OutboxOptions,
  ) {}

  /** Follow the server, and send edits. Returns a function that stops. */
  start(collection: SyncedCollection): () => void {
    const stopping = abortWith(this.client.session());
    const rows = new Rows((changes) => publish(collection, changes));
    const outbox = new Outbox(this.client, rows, this.options, (state) => this.#report(state), stopping.signal);
    this.#run = { rows, outbox };
    void outbox.run();
    void rows.loaded.then(() => collection.markReady());
    followTasks(this.client, {
      onChange: (batch) => rows.receive(batch),
      onStatus: (connection, error) => this.#report({ connection, error }),
      signal: stopping.signal,
    });
    return () => stopping.abort();
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

  #report(changed: Partial<SyncState>): void {
    this.#state = { ...this.#state, ...changed };
    for (const listener of this.#listeners) listener();
  }
}

function publish({ begin, write, commit }: SyncedCollection, changes: RowChange[]): void {
  begin();
  for (const change of changes) write(change);
  commit();
}

function editOf({ type, modified, original, changes }: PendingMutation<Task>, rows: Rows): Edit | undefined {
  const edit = { id: "", uid: modified.uid, at: new Date().toISOString() };
  if (type === "delete") return { ...edit, op: "delete", revision: modified.revision };
  if (type === "update") return updateOf(original as Task, changes, edit);
  const op = rows.task(modified.uid) ? "restore" : "create";
  return { ...edit, op, task: { ...modified, deleted_at: null } };
}
