import { callSafely } from "./callbacks.js";
import type { TaskClient } from "./client.js";
import { isHidden, isOffline, watchConnectivity } from "./connectivity.js";
import { type ApplyBatch, type SharedBatch, TaskCopy } from "./copy.js";
import { isProblem, NetworkError } from "./errors.js";
import { readEvents } from "./event-stream.js";
import { pause, persist } from "./persist.js";
import { connectTabs, type Tabs } from "./tabs.js";
import type { Task } from "./types.js";
import { abortWith, backoff, onAbort, orAbort, wait } from "./wait.js";

export type { TaskBatch } from "./copy.js";

/** `waiting` is the time before a retry, after an error that `onStatus` gets. */
export type LiveStatus = "connecting" | "live" | "waiting" | "offline";

export interface FollowOptions {
  /** Applies changes to the copy, in their order; it gets them again if it rejects. */
  onChange: ApplyBatch;
  onStatus?: ((status: LiveStatus, error?: unknown) => void) | undefined;
  /** The sync token of a copy that is stored, or a function that reads it; by default everything is loaded first. */
  since?: string | (() => Promise<string | undefined>) | undefined;
  /** Stops following, as the returned function does. */
  signal?: AbortSignal | undefined;
  /** The milliseconds without a byte after which to reconnect, by default 30 000; a comment comes every 15 seconds. */
  silence?: number | undefined;
}

/** What tabs send to each other: the leader its status and changes, the others the question whether it runs. */
type Message = { batch: SharedBatch } | { status: LiveStatus } | "ping";

const SILENCE_MS = 30_000;
/** A leader that does not respond for so long is suspended. */
const LEADER_MS = 2_000;
/** A stream that ends sooner has failed. Others end because a token expires or a server restarts. */
const SHORT_MS = 5_000;

/**
 * Load the tasks and follow their changes, by one stream for all tabs of the browser, until `clearToken` is called.
 * Returns a function that stops.
 */
export function followTasks(client: TaskClient, options: FollowOptions): () => void {
  const stopped = abortWith(client.session(), ...(options.signal ? [options.signal] : []));
  void new Follower(client, options, stopped.signal).run();
  return () => stopped.abort();
}

class Follower {
  readonly #copy: TaskCopy;
  readonly #silence: number;
  #tabs: Tabs<Message> | undefined;
  #status: LiveStatus = "connecting";
  #isLeader = false;
  #lastBytes = Date.now();

  constructor(
    private readonly client: TaskClient,
    private readonly options: FollowOptions,
    private readonly signal: AbortSignal,
  ) {
    this.#copy = new TaskCopy(client, options.onChange);
    this.#silence = options.silence ?? SILENCE_MS;
  }

  async run(): Promise<void> {
    await this.#persist(async () => {
      this.#report("connecting");
      const user = await orAbort(this.client.user(), this.signal);
      const { since } = this.options;
      this.#copy.since ??= typeof since === "function" ? await since() : since;
      const name = user && `task-api:${this.client.baseUrl}:${user}`;
      this.#tabs = connectTabs(name, (message) => this.#receive(message), this.signal);
    });
    await this.#persist(({ signal }) => this.#copy.catchUp(signal));
    this.#watchLeader();
    await this.#tabs?.lead((signal) => this.#lead(signal), this.signal);
  }

  /** Read streams one after another, for all tabs. */
  async #lead(signal: AbortSignal): Promise<void> {
    this.#isLeader = true;
    this.#respond();
    try {
      while (!signal.aborted) {
        await this.#persist((attempt) => this.#readStream(attempt), signal);
        await pause(backoff(0), signal);
      }
    } finally {
      this.#isLeader = false;
    }
  }

  /** Read one stream until it ends. It fails if it cannot be opened or ends at once. */
  async #readStream(attempt: AbortController): Promise<void> {
    this.#report("connecting");
    this.#lastBytes = Date.now();
    const check = () => {
      if (Date.now() - this.#lastBytes > this.#silence) attempt.abort(new NetworkError("The stream is silent."));
    };
    const timer = setInterval(check, this.#silence / 4);
    watchConnectivity(check, attempt.signal);
    onAbort(attempt.signal, () => clearInterval(timer));
    const body = await this.#openStream(attempt.signal);
    const opened = Date.now();
    const failure: unknown = body && (await this.#passEvents(body, attempt.signal).catch((error) => error));
    if (Date.now() - opened < SHORT_MS || isOffline()) throw failure ?? new NetworkError("The stream ended.");
  }

  /** Open the stream, or load everything again if the sync token is expired. */
  async #openStream(signal: AbortSignal): Promise<ReadableStream<Uint8Array> | null | undefined> {
    if (this.#copy.since === undefined) await this.#copy.catchUp(signal); // loading has failed after an expired sync token
    const header = { "Last-Event-ID": this.#copy.since ?? "0" };
    try {
      return (await this.client.api.GET("/tasks/events", { params: { header }, parseAs: "stream", signal })).data;
    } catch (error) {
      if (!isProblem(error, "sync-expired")) throw error;
      await this.#copy.catchUp(signal);
    }
  }

  async #passEvents(body: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<void> {
    this.#report("live");
    const since = this.#copy.since ?? "0";
    this.#tabs?.post({ batch: { after: since, tasks: [], since } }); // a tab at another position requests what it has missed
    for await (const { id, data } of readEvents(body, signal, () => (this.#lastBytes = Date.now()))) {
      const batch = { after: this.#copy.since ?? "0", tasks: [JSON.parse(data) as Task], since: id };
      this.#tabs?.post({ batch }); // first, because the application of this tab may be slow or fail
      await this.#copy.receive(batch, signal);
    }
  }

  #receive(message: Message): void {
    if (message === "ping") return this.#respond();
    this.#lastBytes = Date.now();
    if ("status" in message) this.#report(message.status);
    else void this.#persist(({ signal }) => this.#copy.receive(message.batch, signal));
  }

  #respond(): void {
    if (this.#isLeader) this.#tabs?.post({ status: this.#status });
  }

  /** Check the leader regularly, and when the page becomes visible. */
  #watchLeader(): void {
    const check = () => void this.#checkLeader().catch(() => {}); // rejects when following stops
    const timer = setInterval(check, this.#silence / 2);
    onAbort(this.signal, () => clearInterval(timer));
    watchConnectivity(check, this.signal);
    check();
  }

  /** Take over from a leader that is suspended, because it does not respond. */
  async #checkLeader(): Promise<void> {
    if (this.#isLeader || isHidden()) return;
    const asked = Date.now();
    this.#tabs?.post("ping");
    await wait(LEADER_MS, this.signal);
    if (!this.#isLeader && this.#lastBytes < asked) this.#tabs?.takeOver();
  }

  #persist(act: (attempt: AbortController) => Promise<void>, signal = this.signal): Promise<void> {
    return persist(act, signal, (error) => this.#report(isOffline() ? "offline" : "waiting", error));
  }

  #report(status: LiveStatus, error?: unknown): void {
    if (this.signal.aborted || (status === this.#status && error === undefined)) return;
    this.#status = status;
    this.#respond();
    callSafely(() => this.options.onStatus?.(status, error));
  }
}
