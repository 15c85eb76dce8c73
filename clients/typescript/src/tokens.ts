import { NetworkError, SignedOutError } from "./errors.js";
import { withTimeout } from "./wait.js";

/** Sent instead of a token where Better Auth's session cookie is the token; needs the option `userId`. */
export interface SessionCookie {
  credentials: "include";
}

type Token = string | SessionCookie;

/** What Better Auth's functions return: `authClient.token()` and `auth.api.getToken()`. */
type TokenResult =
  | Token
  | null
  | undefined
  | { token: string | null | undefined }
  | { data: { token: string } | null; error?: { status: number } | null };

type Fetched = TokenResult | Promise<TokenResult>;

/**
 * Returns a token, or null if there is no session; `authClient.token` of Better Auth fits. `refused` is true if the API
 * has refused the previous one (401).
 */
export type GetToken = ((refused: boolean) => Fetched) | (() => Fetched);

const MAX_LEEWAY_MS = 30_000;
const COOKIE_WITHOUT_USER =
  "The session cookie needs the option `userId`, because otherwise requests are those of whichever user is signed in.";

/** Stores the token until shortly before it expires, and fetches one for all requests that wait for it. */
export class Tokens {
  #current: { token: Token; until: number } | undefined;
  #pending: Promise<Token> | undefined;
  #isRefused = false;
  #user: string | undefined;
  #isCleared = false;
  #session = new AbortController();

  constructor(
    private readonly fetchToken: GetToken,
    private readonly userId: string | undefined,
  ) {}

  /** Aborted by `clear`: tokens, requests and retries that began before must not go on. */
  get session(): AbortSignal {
    return this.#session.signal;
  }

  /**
   * Return a token that does not expire during the request.
   *
   * @throws SignedOutError There is no session.
   * @throws NetworkError The token cannot be fetched.
   */
  async get(): Promise<Token> {
    if (this.#current && Date.now() < this.#current.until) return this.#current.token;
    const pending = (this.#pending ??= this.#fetch());
    try {
      return await pending;
    } finally {
      if (this.#pending === pending) this.#pending = undefined;
    }
  }

  /** Return the user: the option `userId`, or the claim `sub` of the token. After `clear`, there must be a token. */
  async user(): Promise<string | undefined> {
    if (this.userId !== undefined && !this.#isCleared) return this.userId;
    const { sub } = claimsOf(await this.get());
    return this.userId ?? sub;
  }

  /** Drop a token that the API has refused, unless it is replaced already. */
  refuse(token: Token): void {
    if (this.#current?.token !== token) return;
    this.#current = undefined;
    this.#isRefused = true;
  }

  /** Forget the token and its user, and end the session. */
  clear(): void {
    const ended = this.#session;
    this.#current = this.#pending = this.#user = undefined;
    this.#isCleared = true;
    this.#session = new AbortController();
    ended.abort(new SignedOutError());
  }

  async #fetch(): Promise<Token> {
    const { session } = this;
    const token = await this.#request();
    if (session.aborted) throw new SignedOutError();
    if (typeof token !== "string" && this.userId === undefined) throw new TypeError(COOKIE_WITHOUT_USER);
    const { sub } = claimsOf(token);
    if (sub !== (this.#user ??= sub)) throw new SignedOutError(); // another user has signed in since
    this.#current = { token, until: Date.now() + millisecondsOf(token) };
    this.#isRefused = this.#isCleared = false;
    return token;
  }

  async #request(): Promise<Token> {
    let result: TokenResult;
    try {
      result = await withTimeout(async () => this.fetchToken(this.#isRefused));
    } catch (error) {
      throw isSignedOut(error) ? new SignedOutError() : new NetworkError(error);
    }
    const token = tokenOf(result);
    if (!token) throw new SignedOutError();
    return token;
  }
}

/** Whether a function that fetches a token has thrown because there is no session, as `auth.api.getToken` does (401). */
function isSignedOut(error: unknown): boolean {
  return error instanceof SignedOutError || (error instanceof Error && "statusCode" in error && error.statusCode === 401);
}

function tokenOf(result: TokenResult): Token | null | undefined {
  if (!result || typeof result === "string" || "credentials" in result) return result;
  if ("token" in result) return result.token;
  if (result.error && result.error.status !== 401) throw new NetworkError(result.error);
  return result.data?.token;
}

/**
 * Return how long to use a token, from its claims `iat` and `exp`. Where the clock of the device is wrong, the lifetime
 * counts. A token without claims is used until it is refused.
 */
function millisecondsOf(token: Token): number {
  const { iat, exp } = claimsOf(token);
  if (exp === undefined) return Number.POSITIVE_INFINITY;
  const remaining = exp * 1000 - Date.now();
  const lifetime = iat === undefined ? remaining : (exp - iat) * 1000;
  const usable = remaining > 0 && remaining < lifetime ? remaining : lifetime;
  return usable - Math.min(MAX_LEEWAY_MS, lifetime / 4);
}

function claimsOf(token: Token): { sub?: string; iat?: number; exp?: number } {
  try {
    const payload = String(token).split(".")[1] ?? "";
    return JSON.parse(atob(payload.replace(/-/g, "+").replace(/_/g, "/")));
  } catch {
    return {};
  }
}
