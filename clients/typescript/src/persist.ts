import { isOffline, watchConnectivity } from "./connectivity.js";
import { NetworkError } from "./errors.js";
import { abortWith, backoff, wait } from "./wait.js";

/** A device that reports to be offline may be wrong. */
const OFFLINE_MS = 30_000;

/** Act, and retry until that succeeds: after growing waits, and at once when the network or the page comes back. */
export async function persist(
  act: (attempt: AbortController) => Promise<void>,
  signal: AbortSignal,
  onFailure: (error: unknown) => void,
): Promise<void> {
  for (let failures = 0; !signal.aborted; failures++) {
    const attempt = abortWith(signal);
    watchConnectivity(() => isOffline() && attempt.abort(new NetworkError("The device is offline.")), attempt.signal);
    try {
      return await act(attempt);
    } catch (error) {
      if (signal.aborted) return;
      onFailure(error);
      await pause(backoff(failures, error), signal);
    } finally {
      attempt.abort();
    }
  }
}

/** Wait until the time is over, the network or the page comes back, or the signal is aborted. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const waiting = abortWith(signal);
  watchConnectivity(() => isOffline() || waiting.abort(), waiting.signal);
  await wait(isOffline() ? OFFLINE_MS : milliseconds, waiting.signal).catch(() => {});
  waiting.abort();
}
