import { defaultStore, type DeviceStore } from "../../src/device-store.js";
import type { Task } from "../../src/index.js";
import { until } from "./api.js";

/** Return the prefix of the keys of the copy of an API. */
export const prefixOf = (url: string) => `task-api:tasks:${encodeURIComponent(url)}:`;

/** Read the tasks that a device has stored of an API, and their sync token; undefined if there is no copy. */
export async function storedCopy(url: string, store: DeviceStore = defaultStore()) {
  const [head, ...tasks] = await store.read(prefixOf(url));
  const titles = (tasks as Task[]).map(({ title }) => title).sort().join();
  return { since: (head as { since: string } | undefined)?.since, tasks: tasks as Task[], titles };
}

/** Wait until a device has stored exactly these titles. */
export const stores = (titles: string, url: string, store?: DeviceStore) =>
  until(async () => {
    const copy = await storedCopy(url, store);
    return Boolean(copy.since) && copy.titles === titles;
  });
