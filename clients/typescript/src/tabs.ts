import { abortWith, onAbort } from "./wait.js";

/** The tabs of a browser that follow the same tasks, of which one at a time reads the stream for all. */
export interface Tabs<Message> {
  /** Send a message to the other tabs. */
  post(message: Message): void;
  /** Wait until no other tab leads, and lead until the signal is aborted or another tab takes over. */
  lead(act: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void>;
  /** Take over from a leader that is suspended. */
  takeOver(): void;
}

/** Connect to the other tabs by Web Locks and a BroadcastChannel; where one of them is missing, each tab leads. */
export function connectTabs<Message>(
  name: string | undefined,
  receive: (message: Message) => void,
  signal: AbortSignal,
): Tabs<Message> {
  const locks = globalThis.navigator?.locks;
  if (name === undefined || !locks || typeof BroadcastChannel === "undefined") return ALONE;
  const channel = new BroadcastChannel(name);
  channel.onmessage = ({ data }: MessageEvent<Message>) => receive(data);
  onAbort(signal, () => channel.close());
  let waiting = abortWith();
  let steals = false;
  return {
    post: (message) => {
      if (!signal.aborted) channel.postMessage(message);
    },
    lead: async (act, stop) => {
      const start = (leading: AbortSignal) => {
        steals = false;
        return act(leading);
      };
      while (!stop.aborted) {
        waiting = abortWith(stop);
        await leadOnce(locks, name, steals ? { steal: true } : { signal: waiting.signal }, start, stop);
        waiting.abort();
      }
    },
    takeOver: () => {
      steals = true;
      waiting.abort();
    },
  };
}

const ALONE: Tabs<unknown> = {
  post: () => {},
  lead: (act, signal) => act(signal),
  takeOver: () => {},
};

/** Hold the lock while acting, after waiting for it or stealing it. */
async function leadOnce(
  locks: LockManager,
  name: string,
  options: LockOptions,
  act: (signal: AbortSignal) => Promise<void>,
  stop: AbortSignal,
): Promise<void> {
  const leading = abortWith(stop);
  try {
    await locks.request(name, options, () => act(leading.signal));
  } catch (error) {
    if ((error as Error).name !== "AbortError" && !stop.aborted) await act(leading.signal); // there are no locks here
  } finally {
    leading.abort(); // also where another tab took the lock
  }
}
