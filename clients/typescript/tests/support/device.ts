import { createCollection } from "@tanstack/db";
import { onTestFinished } from "vitest";
import { memoryStore } from "../../src/device-store.js";
import type { ProblemError, Task, TaskClient } from "../../src/index.js";
import { type TaskCollectionOptions, type TaskConflict, taskCollectionOptions } from "../../src/tanstack-db.js";
import { until } from "./api.js";

export type Tasks = ReturnType<typeof newTasks>;

/** Longer than the client waits after an attempt that failed just when the network came back. */
const SYNC_SECONDS = 25;

const newTasks = (client: TaskClient, options: TaskCollectionOptions) =>
  createCollection({ ...taskCollectionOptions(client, options), startSync: true });

/** A page with a collection, until the test ends; its edits are stored in memory, unless another store is given. */
export class Device {
  readonly conflicts: TaskConflict[] = [];
  readonly rejections: ProblemError[] = [];
  readonly tasks: Tasks;

  constructor(client: TaskClient, options: TaskCollectionOptions = {}) {
    this.tasks = newTasks(client, {
      store: memoryStore(),
      onRejected: (error) => this.rejections.push(error),
      ...options,
      onConflict: (conflict) => {
        this.conflicts.push(conflict);
        return options.onConflict?.(conflict);
      },
    });
    onTestFinished(() => this.kill());
  }

  /** Wait until all edits are stored. */
  async stored(): Promise<void> {
    await until(() => [...this.tasks._state.transactions.values()].every(({ state }) => state !== "persisting"));
  }

  /** End it as a closed page ends: nothing more is sent. */
  kill(): Promise<void> {
    return this.tasks.cleanup();
  }

  get titles(): string {
    return [...this.tasks.values()].map((task) => task.title).sort().join();
  }

  get pending(): number {
    return this.tasks.utils.state().pending;
  }

  /** Wait until the collection has exactly these titles. */
  shows(...titles: string[]): Promise<void> {
    return until(() => this.titles === titles.sort().join());
  }

  /** Wait until the server has all edits. */
  async isSynced(): Promise<void> {
    await this.tasks.preload();
    await this.stored();
    await until(() => this.pending === 0, SYNC_SECONDS);
  }

  /** Return the only task with a title. */
  find(title: string): Task {
    const found = [...this.tasks.values()].find((task) => task.title === title);
    if (!found) throw new Error(`There is no task '${title}', but ${this.titles}.`);
    return found;
  }
}

/** Wait until the server has all edits, and each device has exactly what the server has. */
export async function haveConverged(client: TaskClient, ...devices: Device[]): Promise<void> {
  for (const device of devices) await device.isSynced();
  await until(async () => {
    const server = contentOf((await client.list({ limit: 1000 })).tasks);
    return devices.every((device) => contentOf([...device.tasks.values()]) === server);
  }, SYNC_SECONDS);
}

/** Return the members of rows, without those that TanStack DB adds, in an order of their own. */
function contentOf(rows: Task[]): string {
  const members = (row: Task) => Object.entries(row).filter(([name]) => !name.startsWith("$")).sort();
  return rows.map((row) => JSON.stringify(members(row))).sort().join();
}
