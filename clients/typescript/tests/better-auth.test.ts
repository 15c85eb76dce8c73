import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { fromJwtPlugin, fromSessionCookie, fromTokenRoute } from "../src/better-auth.js";
import { isProblem, SignedOutError } from "../src/index.js";
import { newClient } from "./support/api.js";
import { startProxy } from "./support/proxy.js";

/** The real front end that the test in Python has started, and the real client of Better Auth that its tests have. */
const FRONT_END = process.env["FRONT_END_URL"] ?? "";
const packages = createRequire(new URL("../../../tests/e2e/better_auth/package.json", import.meta.url));
const load = async (name: string) => import(pathToFileURL(packages.resolve(name)).href);

/** A browser: it stores the cookies of the front end, and sends them to the API on the same site. */
const cookies = new Map<string, string>();
const real = globalThis.fetch;

async function browse(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  if (request.credentials === "include" || request.url.startsWith(FRONT_END)) request.headers.set("Cookie", cookie);
  request.headers.set("Origin", FRONT_END);
  const response = await real(request);
  for (const set of response.headers.getSetCookie()) {
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
    cookies.set(name, value);
  }
  return response;
}

async function newAuthClient() {
  const { createAuthClient } = await load("better-auth/client");
  const { jwtClient } = await load("better-auth/client/plugins");
  return createAuthClient({ baseURL: FRONT_END, plugins: [jwtClient()], fetchOptions: { customFetchImpl: browse } });
}

async function signUp(authClient: Awaited<ReturnType<typeof newAuthClient>>): Promise<string> {
  const account = { name: "Demo user", email: `demo-${crypto.randomUUID()}@example.com`, password: "correct horse battery" };
  const { data, error } = await authClient.signUp.email(account);
  expect(error).toBeNull();
  return data.user.id;
}

beforeEach(() => {
  cookies.clear();
  vi.stubGlobal("fetch", browse);
  onTestFinished(() => void vi.unstubAllGlobals());
});

test("CLIENT-FR-015: tokens come from the plugin jwt", async () => {
  const authClient = await newAuthClient();
  const client = newClient({ getToken: fromJwtPlugin(authClient) });
  await expect(client.list()).rejects.toThrow(SignedOutError);
  const user = await signUp(authClient);
  expect((await client.create({ title: "Buy milk" })).user_id).toBe(user);
});

test("CLIENT-FR-018: the function of Better Auth's client is one that gets tokens, also after a refusal", async () => {
  const authClient = await newAuthClient();
  const user = await signUp(authClient);
  const proxy = await startProxy();
  proxy.faults.push({ status: 401 });
  const client = newClient({ baseUrl: proxy.url, getToken: authClient.token });
  expect((await client.create({ title: "Buy milk" })).user_id).toBe(user);
});

test("CLIENT-FR-015: tokens come from a route of the front end", async () => {
  const authClient = await newAuthClient();
  const client = newClient({ getToken: fromTokenRoute(`${FRONT_END}/api/token`) });
  await expect(client.list()).rejects.toThrow(SignedOutError);
  const user = await signUp(authClient);
  expect((await client.create({ title: "Buy milk" })).user_id).toBe(user);
});

test("CLIENT-FR-015: the session cookie is the token, and is renewed when it is refused", async () => {
  const authClient = await newAuthClient();
  const userId = await signUp(authClient);
  const client = newClient({ userId, getToken: fromSessionCookie(authClient) });
  expect((await client.create({ title: "Buy milk" })).user_id).toBe(userId);
  cookies.set("better-auth.session_data", "expired");
  expect((await client.list()).count).toBe(1);
  cookies.clear();
  await expect(client.list()).rejects.toThrow(SignedOutError);
});

test("CLIENT-FR-017: the cookie of a user who signs in in another tab is refused", async () => {
  const authClient = await newAuthClient();
  const userId = await signUp(authClient);
  const client = newClient({ userId, getToken: fromSessionCookie(authClient) });
  await client.create({ title: "Buy milk" });
  cookies.clear();
  await signUp(authClient);
  const refused: unknown = await client.create({ title: "Bake bread" }).catch((error) => error);
  expect(isProblem(refused, "user-mismatch")).toBe(true);
});

test("CLIENT-FR-017: without the user's id, the cookie is not sent", async () => {
  const authClient = await newAuthClient();
  await signUp(authClient);
  const client = newClient({ getToken: fromSessionCookie(authClient) });
  await expect(client.create({ title: "Buy milk" })).rejects.toThrow("needs the option `userId`");
});
