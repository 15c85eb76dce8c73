import type { CollectionConfig } from "@tanstack/db";
import type { TaskClient } from "./client.js";
import { CollectionSync } from "./collection-sync.js";
import { newTaskSchema } from "./new-task.js";
import type { OutboxOptions } from "./outbox.js";
import type { Task } from "./types.js";

export type { SyncState } from "./collection-sync.js";
export type { DeviceStore } from "./device-store.js";
export type { Edit, OnConflict, TaskChanges, TaskConflict } from "./edits.js";
export type { NewTask } from "./new-task.js";
export type { OutboxOptions as TaskCollectionOptions } from "./outbox.js";

/**
 * Return the options of a TanStack DB collection of the user's tasks, for `createCollection`: it follows the server, and
 * edits are shown at once, stored until the server has them, and merged.
 */
export function taskCollectionOptions(client: TaskClient, options: OutboxOptions = {}) {
  const sync = new CollectionSync(client, options);
  return {
    getKey: (task: Task) => task.uid,
    schema: newTaskSchema,
    gcTime: 0, // never: edits are also sent while no component shows the tasks
    sync: { rowUpdateMode: "full", sync: (collection) => sync.start(collection) },
    onInsert: sync.save,
    onUpdate: sync.save,
    onDelete: sync.save,
    utils: {
      /** Call a function when `state` changes, for `useSyncExternalStore`. Returns a function that ends that. */
      subscribe: sync.subscribe,
      /** Return the connection to the server, and the number of pending edits. */
      state: sync.state,
    },
  } satisfies CollectionConfig<Task, string, typeof newTaskSchema>;
}
