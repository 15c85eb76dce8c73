import type { TaskClient } from "./client.js";
import { isProblem } from "./errors.js";
import type { Task } from "./types.js";
import { reasonOf } from "./wait.js";

/** Tasks that have changed. Store those whose `deleted_at` is null, and delete the others from the copy. */
export interface TaskBatch {
  tasks: Task[];
  /** The sync token after these changes: store it with them, and start from it next time. */
  since: string;
  /** Whether the copy begins anew: discard it first. */
  reset: boolean;
  /** Whether the next batch is ready already: the copy is complete when it is false. */
  more: boolean;
}

/** A batch as tabs send it to each other: the changes between two sync tokens. */
export interface SharedBatch {
  after: string;
  tasks: Task[];
  since: string;
}

export type ApplyBatch = (batch: TaskBatch) => void | Promise<void>;

/** Passes changes on in their order, until a signal is aborted, and requests those that are missing. */
export class TaskCopy {
  /** The position: the sync token of the last batch, undefined before the first. */
  since: string | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(
    private readonly client: TaskClient,
    private readonly apply: ApplyBatch,
  ) {}

  /** Load what has changed since the position, or everything. */
  catchUp(signal: AbortSignal): Promise<void> {
    return this.#afterLast(() => this.#load(signal));
  }

  /** Pass a batch on that begins at the position; otherwise load what has changed since the position. */
  receive({ after, tasks, since }: SharedBatch, signal: AbortSignal): Promise<void> {
    return this.#afterLast(() =>
      after === this.since ? this.#pass({ tasks, since, reset: false, more: false }, signal) : this.#load(signal),
    );
  }

  async #load(signal: AbortSignal): Promise<void> {
    for (let more = true, reset = this.since === undefined; more; ) {
      try {
        const page = await this.client.changes(this.since, { signal });
        ({ more } = page);
        await this.#pass({ tasks: page.tasks, since: page.next_since, reset, more }, signal);
        reset = false;
      } catch (error) {
        if (!isProblem(error, "sync-expired")) throw error;
        this.since = undefined;
        reset = true;
      }
    }
  }

  async #pass(batch: TaskBatch, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw reasonOf(signal);
    await this.apply(batch);
    this.since = batch.since;
  }

  #afterLast(act: () => Promise<void>): Promise<void> {
    const done = this.#last.then(act);
    this.#last = done.catch(() => {});
    return done;
  }
}
