import type { Client } from "openapi-fetch";
import type { TaskId, TaskQuery, UserPaths } from "./paths.js";
import type {
  Bulk,
  BulkResults,
  DetailedTask,
  TagList,
  TaskChanges,
  TaskCreate,
  TaskList,
  TaskStats,
  TaskUpdate,
  UserSettings,
} from "./types.js";

export interface Options {
  /** Cancels the call and its retries. */
  signal?: AbortSignal | null | undefined;
}

export interface WriteOptions extends Options {
  /** Changes the task only if it has this revision; otherwise the call rejects with the problem `task-changed`. */
  revision?: number | undefined;
}

export interface PostOptions extends Options {
  /** By default a new one for each call, so that the retries of one call take effect once. */
  idempotencyKey?: string | undefined;
}

type ActOptions = WriteOptions & PostOptions;

export interface DeleteOptions extends WriteOptions {
  /** Deletes the task permanently, also from the trash. */
  permanent?: boolean | undefined;
}

/** Make the methods of a client, each of which returns the data of one operation. */
export function methodsOf(api: Client<UserPaths>) {
  return {
    list: async (query: TaskQuery = {}, { signal = null }: Options = {}): Promise<TaskList> =>
      dataOf(await api.GET("/tasks", { params: { query }, signal })),

    get: async (id: TaskId, { signal = null }: Options = {}): Promise<DetailedTask> =>
      dataOf(await api.GET("/tasks/{task_id}", { params: { path: { task_id: id } }, signal })),

    create: async (task: TaskCreate, { signal = null, idempotencyKey }: PostOptions = {}): Promise<DetailedTask> =>
      dataOf(await api.POST("/tasks", { params: post(idempotencyKey), body: task, signal })),

    update: async (
      id: TaskId,
      changes: TaskUpdate,
      { signal = null, revision }: WriteOptions = {},
    ): Promise<DetailedTask> =>
      dataOf(await api.PATCH("/tasks/{task_id}", { params: write(id, revision), body: changes, signal })),

    /** Complete a task, or reopen it. Repeating that is safe, as a toggle would not be. */
    complete: async (
      id: TaskId,
      completed = true,
      { signal = null, revision }: WriteOptions = {},
    ): Promise<DetailedTask> => {
      const params = write(id, revision);
      return dataOf(await api.PATCH("/tasks/{task_id}/complete", { params, body: { completed }, signal }));
    },

    /** Move a task to the trash, or delete it permanently. */
    delete: async (id: TaskId, { signal = null, revision, permanent = false }: DeleteOptions = {}): Promise<void> => {
      const params = { ...write(id, revision), query: { permanent } };
      await api.DELETE("/tasks/{task_id}", { params, signal });
    },

    restore: async (id: TaskId, { signal = null, revision, idempotencyKey }: ActOptions = {}): Promise<DetailedTask> =>
      dataOf(await api.POST("/tasks/{task_id}/restore", { params: write(id, revision, idempotencyKey), signal })),

    /** Move a recurring task to its next occurrence, without completing it. */
    skip: async (id: TaskId, { signal = null, revision, idempotencyKey }: ActOptions = {}): Promise<DetailedTask> =>
      dataOf(await api.POST("/tasks/{task_id}/skip", { params: write(id, revision, idempotencyKey), signal })),

    /** Apply up to 500 operations in one transaction. */
    bulk: async (bulk: Bulk, { signal = null, idempotencyKey }: PostOptions = {}): Promise<BulkResults> =>
      dataOf(await api.POST("/tasks/bulk", { params: post(idempotencyKey), body: bulk, signal })),

    /** Return a page of the tasks that have changed since a sync token; without one, of all. */
    changes: async (
      since = "0",
      { signal = null, limit }: Options & { limit?: number | undefined } = {},
    ): Promise<TaskChanges> => {
      const query = limit === undefined ? { since } : { since, limit };
      return dataOf(await api.GET("/tasks/changes", { params: { query }, signal }));
    },

    stats: async ({ signal = null }: Options = {}): Promise<TaskStats> =>
      dataOf(await api.GET("/tasks/stats", { signal })),

    tags: async ({ signal = null }: Options = {}): Promise<TagList> => dataOf(await api.GET("/tasks/tags", { signal })),

    settings: async ({ signal = null }: Options = {}): Promise<UserSettings> =>
      dataOf(await api.GET("/settings", { signal })),

    saveSettings: async (settings: UserSettings, { signal = null }: Options = {}): Promise<UserSettings> =>
      dataOf(await api.PUT("/settings", { body: settings, signal })),
  };
}

function post(key: string | undefined) {
  return { header: key === undefined ? {} : { "Idempotency-Key": key } };
}

function write(id: TaskId, revision: number | undefined, key?: string) {
  const condition = revision === undefined ? {} : { "If-Match": `"${revision}"` };
  return { path: { task_id: id }, header: { ...condition, ...post(key).header } };
}

/** Return the data, which every successful response to a method has; errors are thrown before. */
function dataOf<Data>(result: { data?: Data }): Data {
  return result.data as Data;
}
