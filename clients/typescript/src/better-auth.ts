import type { GetToken } from "./tokens.js";

/** The part of Better Auth's client with its plugin `jwtClient` that is used here. */
interface JwtAuthClient {
  token(): Promise<{ data: { token: string } | null; error?: { status: number } | null }>;
}

/** The part of Better Auth's client that is used here. */
interface SessionAuthClient {
  getSession(options: {
    query: { disableCookieCache: true };
  }): Promise<{ data: unknown; error?: { status: number } | null }>;
}

/** Get tokens of Better Auth's `jwt` plugin, the recommended way. */
export function fromJwtPlugin(authClient: JwtAuthClient): GetToken {
  return () => authClient.token();
}

/** Get tokens of a route of the front end that signs them with the shared secret and responds `{"token": …}`. */
export function fromTokenRoute(url = "/api/token"): GetToken {
  return async () => {
    const response = await fetch(url, { credentials: "include", cache: "no-store" });
    if (response.status === 401) return null;
    if (!response.ok) throw new Error(`The token route responded with status ${response.status}.`);
    return (await response.json()) as { token: string };
  };
}

/**
 * Send Better Auth's session cookie (`cookieCache`) instead of a token, and renew it when the API refuses it. The client
 * needs the option `userId`: then the API refuses the cookie of another user, who has signed in in another tab.
 */
export function fromSessionCookie(authClient: SessionAuthClient): GetToken {
  return async (refused) => {
    if (refused) {
      const { data, error } = await authClient.getSession({ query: { disableCookieCache: true } });
      if (error && error.status !== 401) throw error;
      if (!data) return null;
    }
    return { credentials: "include" };
  };
}
