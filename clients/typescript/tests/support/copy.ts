import { onTestFinished } from "vitest";
import type { Task, TaskClient } from "../../src/index.js";
import { type FollowOptions, followTasks, type LiveStatus } from "../../src/live.js";
import { until } from "./api.js";

/** A copy of the tasks that is kept by the rule of the API, until the test ends. */
export class Copy {
  readonly tasks = new Map<number, Task>();
  readonly statuses: LiveStatus[] = [];
  error: unknown;
  resets = 0;
  /** Whether the application fails to apply changes. */
  fails = false;
  since = "";
  readonly stop: () => void;

  constructor(client: TaskClient, options: Partial<FollowOptions> = {}) {
    this.stop = followTasks(client, {
      onChange: ({ tasks, since, reset }) => {
        if (this.fails) throw new Error("The disk is full.");
        if (reset) this.#clear();
        for (const task of tasks) {
          if (task.deleted_at === null) this.tasks.set(task.id, task);
          else this.tasks.delete(task.id);
        }
        this.since = since;
      },
      onStatus: (status, error) => {
        this.statuses.push(status);
        this.error = error;
      },
      ...options,
    });
    onTestFinished(this.stop);
  }

  #clear(): void {
    this.resets++;
    this.tasks.clear();
  }

  get titles(): string {
    return [...this.tasks.values()].map((task) => task.title).sort().join();
  }

  /** Wait until the copy has exactly these titles. */
  has(...titles: string[]): Promise<void> {
    return until(() => this.titles === titles.sort().join());
  }

  /** Wait until a stream is open, in this tab or in another one. */
  isLive(): Promise<void> {
    return until(() => this.statuses.at(-1) === "live");
  }
}
