import type { CollectionConfig, PendingMutation } from "@tanstack/db";
import type { TaskClient } from "./client.js";
import { type Edit, updateOf } from "./edits.js";
import { followTasks, type LiveStatus } from "./live.js";
import { newTaskSchema } from "./new-task.js";
import { Outbox, type OutboxOptions } from "./outbox.js";
import { type RowChange, Rows } from "./rows.js";
import type { Task } from "./types.js";
import { abortWith } from "./wait.js";

export type { EditStore } from "./edit-store.js";
export type { Edit, OnConflict, TaskChanges, TaskConflict } from "./edits.js";
export type { NewTask } from "./new-task.js";
export type { OutboxOptions as TaskCollectionOptions } from "./outbox.js";

/** The connection of a collection to the server. */
export interface TaskSync {
  connection: LiveStatus;
  /** The number of edits that the server does not have yet. */
  pending: number;
  /** Why they have to wait, such as a `SignedOutError`. */
  error: unknown;
}

const STARTING: TaskSync = { connection: "connecting", pending: 0, error: undefined };

/**
 * Return the options of a TanStack DB collection of the user's tasks, for `createCollection`: it follows the server, and
 * edits are applied at once, stored while offline, and merged.
 */
export function taskCollectionOptions(client: TaskClient, options: OutboxOptions = {}) {
  const listeners = new Set<() => void>();
  let current = STARTING;
  let run: { rows: Rows; outbox: Outbox } | undefined;

  const report = (changes: Partial<TaskSync>) => {
    current = { ...current, ...changes };
    for (const listener of listeners) listener();
  };

  const start = (publish: (changes: RowChange[]) => void, ready: () => void) => {
    const stopping = abortWith(client.session());
    const rows = new Rows(publish);
    const outbox = new Outbox(client, rows, options, report, stopping.signal);
    run = { rows, outbox };
    void outbox.run();
    void rows.loaded.then(ready);
    followTasks(client, {
      onChange: (batch) => rows.receive(batch),
      onStatus: (connection, error) => report({ connection, error }),
      signal: stopping.signal,
    });
    return () => stopping.abort();
  };

  const save = async ({ transaction }: { transaction: { mutations: PendingMutation<Task>[] } }) => {
    if (!run) return;
    const { rows, outbox } = run;
    await outbox.add(transaction.mutations.flatMap((mutation) => editOf(mutation, rows) ?? []));
  };

  return {
    getKey: (task: Task) => task.uid,
    schema: newTaskSchema,
    gcTime: 0, // never: edits are also sent while no component shows the tasks
    sync: {
      rowUpdateMode: "full",
      sync: ({ begin, write, commit, markReady }) =>
        start((changes) => {
          begin();
          for (const change of changes) write(change);
          commit();
        }, markReady),
    },
    onInsert: save,
    onUpdate: save,
    onDelete: save,
    utils: {
      /** Call a function when `state` changes, for `useSyncExternalStore`; returns a function that ends that. */
      subscribe: (listener: () => void) => {
        listeners.add(listener);
        return () => {
          listeners.delete(listener);
        };
      },
      /** Return the connection to the server, and the number of edits that wait for it. */
      state: () => current,
    },
  } satisfies CollectionConfig<Task, string, typeof newTaskSchema>;
}

function editOf({ type, modified, original, changes }: PendingMutation<Task>, rows: Rows): Edit | undefined {
  const edit = { id: "", uid: modified.uid, at: new Date().toISOString() };
  if (type === "delete") return { ...edit, op: "delete" };
  if (type === "update") return updateOf(original as Task, changes, edit);
  const op = rows.task(modified.uid) ? "restore" : "create";
  return { ...edit, op, task: { ...modified, deleted_at: null } };
}
