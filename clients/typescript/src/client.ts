import createFetchClient from "openapi-fetch";
import { methodsOf } from "./methods.js";
import type { UserPaths } from "./paths.js";
import { type Fetch, makeSend } from "./send.js";
import { type GetToken, Tokens } from "./tokens.js";

export interface TaskClientOptions {
  /** The URL of the API, such as `https://api.example.com`. */
  baseUrl: string;
  /** Returns a token; `authClient.token` of Better Auth fits, and `@task-api/client/better-auth` has others. */
  getToken: GetToken;
  /** The user of the token, whose paths are used; by default those without a user id. The session cookie needs it. */
  userId?: string | undefined;
  /** The user's time zone, such as `Intl.DateTimeFormat().resolvedOptions().timeZone`; by default the stored one. */
  timeZone?: string | undefined;
  /** Sends requests, instead of the global `fetch`. */
  fetch?: Fetch | undefined;
}

export type TaskClient = ReturnType<typeof createTaskClient>;

/** Make a client of one user's tasks. Each call rejects with `ProblemError`, `NetworkError` or `SignedOutError`. */
export function createTaskClient(options: TaskClientOptions) {
  const { baseUrl, getToken, userId, timeZone, fetch = (...request) => globalThis.fetch(...request) } = options;
  const tokens = new Tokens(getToken, userId);
  const origin = baseUrl.replace(/\/+$/, "");
  const url = `${origin}/api${userId === undefined ? "" : `/${encodeURIComponent(userId)}`}`;
  const headers = timeZone === undefined ? {} : { "Time-Zone": timeZone };
  const api = createFetchClient<UserPaths>({ baseUrl: url, headers, fetch: makeSend(fetch, tokens) });
  return {
    /** All operations and headers of the API, as a client of `openapi-fetch`; a 304 has no `data`. */
    api,
    /** The URL of the API, without a slash at its end. */
    baseUrl: origin,
    /** Return the id of the user. */
    user: () => tokens.user(),
    /** Return a signal that `clearToken` aborts. */
    session: () => tokens.session,
    /**
     * Forget the token and its user, after signing out or in; until then, another user's tokens are not sent. `followTasks`
     * stops, and collections go on with the next session.
     */
    clearToken: () => tokens.clear(),
    ...methodsOf(api),
  };
}
