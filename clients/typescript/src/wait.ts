const MAX_BACKOFF_MS = 30_000;

/** Wait, or reject with the reason of the signal when it is aborted. */
export function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

/** Return the milliseconds before a retry: exponential, or what the server demands, with jitter against bursts. */
export function backoff(attempt: number, retryAfterSeconds = 0): number {
  const exponential = Math.min(500 * 2 ** attempt, MAX_BACKOFF_MS);
  return retryAfterSeconds ? retryAfterSeconds * 1000 + Math.random() * 1000 : exponential * (0.5 + Math.random() / 2);
}

/** Make a controller that is aborted with a signal; abort it in the end, so that the signal forgets it. */
export function abortWith(signal: AbortSignal): AbortController {
  const child = new AbortController();
  if (signal.aborted) child.abort(signal.reason);
  else signal.addEventListener("abort", () => child.abort(signal.reason), { signal: child.signal });
  return child;
}
