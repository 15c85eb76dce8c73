import { ProblemError } from "./errors.js";

const MAX_BACKOFF_MS = 30_000;
const RESPONSE_MS = 30_000;

/** Wait, or reject with the reason of the signal when it is aborted. */
export async function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const time = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await orAbort(time, signal).finally(() => clearTimeout(timer));
}

/** Return the milliseconds before a retry: exponential, or what the error's `Retry-After` demands, with jitter. */
export function backoff(attempt: number, error?: unknown): number {
  const demanded = error instanceof ProblemError ? error.retryAfter : undefined;
  if (demanded) return (demanded + Math.random()) * 1000;
  return Math.min(500 * 2 ** attempt, MAX_BACKOFF_MS) * (0.5 + Math.random() / 2);
}

/** Make a controller that is aborted with each of the signals; abort it in the end, so that they forget it. */
export function abortWith(...signals: AbortSignal[]): AbortController {
  const child = new AbortController();
  for (const signal of signals) onAbort(child.signal, onAbort(signal, () => child.abort(signal.reason)));
  return child;
}

/** Call a function when a signal is aborted, at once if it is. Returns a function that removes it from the signal. */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  if (signal.aborted) act();
  else signal.addEventListener("abort", act);
  return () => signal.removeEventListener("abort", act);
}

/** Return the reason of a signal that is aborted; the signals of React Native have none. */
export function reasonOf(signal: AbortSignal): unknown {
  return signal.reason ?? Object.assign(new Error("The call was cancelled."), { name: "AbortError" });
}

/** Settle as a promise does, or reject with the reason of the signal when it is aborted before. */
export function orAbort<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const forget = onAbort(signal, () => reject(reasonOf(signal)));
    promise.then(resolve, reject).finally(forget);
  });
}

/** Act, and reject after a time or when a signal is aborted. The function gets a signal of both. */
export async function withTimeout<Value>(
  act: (signal: AbortSignal) => Promise<Value>,
  signals: AbortSignal[] = [],
  milliseconds = RESPONSE_MS,
): Promise<Value> {
  const limited = abortWith(...signals);
  const late = new Error(`There was no response within ${milliseconds / 1000} s.`);
  const timer = setTimeout(() => limited.abort(late), milliseconds);
  return orAbort(act(limited.signal), limited.signal).finally(() => clearTimeout(timer));
}
