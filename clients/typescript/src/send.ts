import { isOffline } from "./connectivity.js";
import { NetworkError, ProblemError, problemError, SignedOutError } from "./errors.js";
import type { SessionCookie, Tokens } from "./tokens.js";
import { randomUuid } from "./uid.js";
import { backoff, orAbort, wait, withTimeout } from "./wait.js";

const MAX_ATTEMPTS = 4;
const MAX_RETRY_AFTER_SECONDS = 30;
/** A limit is reached, or the server or its proxy is unavailable. */
const RETRIED = [429, 502, 503, 504];

/** Sends requests. Their signal is passed explicitly, because Node may lose that of a copied request. */
export type Fetch = (request: Request, init: { signal: AbortSignal }) => Promise<Response>;

/**
 * Make a `fetch` that adds the token and the idempotency key, retries what is safe to retry, and rejects errors.
 *
 * @throws ProblemError The API responded with an error.
 * @throws NetworkError There was no response.
 * @throws SignedOutError There is no session.
 */
export function makeSend(fetch: Fetch, tokens: Tokens) {
  return async (request: Request): Promise<Response> => {
    addIdempotencyKey(request);
    const { session } = tokens;
    for (let attempt = 1; ; attempt++) {
      try {
        return await sendOnce(fetch, tokens, request, session);
      } catch (error) {
        if (attempt > 1 && isDeleted(request, error)) return new Response(null, { status: 204 });
        if (attempt === MAX_ATTEMPTS || !isRetried(request, error)) throw error;
        await wait(backoff(attempt, error), request.signal);
      }
    }
  };
}

/** Send a request, and once again with a new token if the API refuses the first. */
async function sendOnce(fetch: Fetch, tokens: Tokens, request: Request, session: AbortSignal): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    requireSession(session);
    const token = await orAbort(tokens.get(), request.signal);
    const response = await respond(fetch, authorize(request, token), request.signal);
    requireSession(session);
    if (response.ok || response.status === 304) return response;
    if (response.status !== 401 || attempt === 2) throw await problemError(response);
    tokens.refuse(token);
  }
}

function requireSession(session: AbortSignal): void {
  if (session.aborted) throw new SignedOutError();
}

/** Send a request, and reject it if there is no complete response in time. */
async function respond(fetch: Fetch, request: Request, signal: AbortSignal): Promise<Response> {
  try {
    return await withTimeout(async (limited) => complete(await fetch(request, { signal: limited })), [signal]);
  } catch (error) {
    throw signal.aborted ? error : new NetworkError(error);
  }
}

/** Read the body, unless it is a stream, so that a request whose response is cut can be retried. */
async function complete(response: Response): Promise<Response> {
  if (response.headers.get("Content-Type")?.startsWith("text/event-stream")) return response;
  return new Response((await response.text()) || null, response);
}

/** Copy the request, because one that is sent cannot be sent again. */
function authorize(request: Request, token: string | SessionCookie): Request {
  const copy = request.clone();
  if (typeof token !== "string") return new Request(copy, token);
  copy.headers.set("Authorization", `Bearer ${token}`);
  return copy;
}

function addIdempotencyKey({ method, headers }: Request): void {
  if (method === "POST" && !headers.has("Idempotency-Key")) headers.set("Idempotency-Key", randomUuid());
}

/** Whether a retry can succeed with the effect of one request. A toggle, which has no body, would have that of two. */
function isRetried(request: Request, error: unknown): boolean {
  const isRepeatable = request.method !== "PATCH" || request.headers.has("Content-Type");
  if (error instanceof NetworkError) return isRepeatable && !isOffline();
  if (!(error instanceof ProblemError) || (error.retryAfter ?? 0) > MAX_RETRY_AFTER_SECONDS) return false;
  if (error.status === 409) return error.retryAfter !== undefined; // the first request with the key is in progress
  return RETRIED.includes(error.status) && (isRepeatable || error.status === 429);
}

/** Whether a retry found that the attempt before it, whose response was lost, deleted the task. */
function isDeleted(request: Request, error: unknown): boolean {
  return request.method === "DELETE" && error instanceof ProblemError && error.status === 404;
}
