import { expect, onTestFinished, test, vi } from "vitest";
import { isProblem, SignedOutError } from "../src/index.js";
import { mint, newClient, newUser } from "./support/api.js";
import { speedUp } from "./support/clock.js";
import { startProxy } from "./support/proxy.js";

/** Make a client whose tokens are counted. */
function counted(seconds: number, user = newUser()) {
  let fetches = 0;
  const client = newClient({
    getToken: async () => {
      fetches++;
      await new Promise((resolve) => setTimeout(resolve, 10));
      return { data: { token: mint(user, seconds) }, error: null };
    },
  });
  return { client, fetches: () => fetches };
}

test("CLIENT-FR-010: many calls wait for one token, and use it", async () => {
  const { client, fetches } = counted(900);
  await Promise.all(Array.from({ length: 20 }, () => client.list()));
  await client.list();
  expect(fetches()).toBe(1);
});

test("CLIENT-FR-011: a token is renewed before it expires", async () => {
  const { client, fetches } = counted(4);
  await client.list();
  await new Promise((resolve) => setTimeout(resolve, 3_300));
  await client.list();
  expect(fetches()).toBe(2);
});

for (const seconds of [-3_600, 3_600]) {
  test(`CLIENT-FR-011: a token is used for its lifetime where the clock of the device is wrong by ${seconds} s`, async () => {
    const clock = vi.spyOn(Date, "now").mockImplementation(() => new Date().getTime() + seconds * 1000);
    onTestFinished(() => clock.mockRestore());
    const { client, fetches } = counted(4);
    await client.list();
    await client.list();
    expect(fetches()).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 3_300));
    await client.list();
    expect(fetches()).toBe(2);
  });
}

test("CLIENT-FR-012: a token that is refused is replaced once", async () => {
  const user = newUser();
  const refusals: boolean[] = [];
  const client = newClient({
    getToken: (refused) => {
      refusals.push(refused);
      return refused ? mint(user) : `${mint(user)}x`;
    },
  });
  await Promise.all([client.list(), client.list()]);
  expect(refusals).toEqual([false, true]);
  const error: unknown = await newClient({ getToken: () => "no token" }).list().catch((each) => each);
  expect(isProblem(error, "unauthorized")).toBe(true);
});

test("CLIENT-FR-013: without a session, nothing is sent", async () => {
  const proxy = await startProxy();
  const signedOut = [null, undefined, "", { token: null }, { data: null, error: null }, { data: null, error: { status: 401 } }];
  for (const result of signedOut) {
    const client = newClient({ baseUrl: proxy.url, getToken: () => result });
    await expect(client.list()).rejects.toThrow(SignedOutError);
  }
  expect(proxy.requests).toEqual([]);
});

test("CLIENT-FR-013: without a session, auth.api.getToken throws an error with the status code 401", async () => {
  const getToken = () => Promise.reject(Object.assign(new Error("UNAUTHORIZED"), { statusCode: 401 }));
  await expect(newClient({ getToken }).list()).rejects.toThrow(SignedOutError);
});

test("CLIENT-FR-014: a token that was fetched for the previous user is not used after clearToken", async () => {
  const [previous, next] = [newUser(), newUser()];
  const deliver: ((token: string) => void)[] = [];
  const client = newClient({ getToken: () => new Promise<string>((resolve) => deliver.push(resolve)) });
  const refused = expect(client.create({ title: "Buy milk" })).rejects.toThrow(SignedOutError);
  await vi.waitFor(() => expect(deliver.length).toBe(1));
  client.clearToken();
  const listed = client.list();
  await vi.waitFor(() => expect(deliver.length).toBe(2));
  deliver[0]?.(mint(previous));
  deliver[1]?.(mint(next));
  await refused;
  expect((await listed).count).toBe(0);
  expect(await client.user()).toBe(next);
});

test("CLIENT-FR-014: a request of the previous user is not retried with the token of the next one", async () => {
  const [previous, next] = [newUser(), newUser()];
  const tokens = [mint(previous), mint(next)];
  const proxy = await startProxy();
  proxy.faults.push({ status: 503 });
  const client = newClient({ baseUrl: proxy.url, getToken: () => tokens.shift() ?? null });
  const refused = expect(client.create({ title: "Buy milk" })).rejects.toThrow(SignedOutError);
  await vi.waitFor(() => expect(proxy.requests.length).toBe(1));
  client.clearToken();
  await refused;
  expect((await client.list()).count).toBe(0);
});

test("CLIENT-FR-014: a response of the previous user that arrives after clearToken is dropped", async () => {
  const client = newClient({
    fetch: async (...request) => {
      const response = await fetch(...request);
      client.clearToken();
      return response;
    },
  });
  await expect(client.list()).rejects.toThrow(SignedOutError);
});

test("CLIENT-FR-013: a token that cannot be fetched is a network error, and is fetched for the next call", async () => {
  const results = [{ data: null, error: { status: 500 } }, mint(newUser())];
  const client = newClient({ getToken: () => results.shift() ?? null });
  await expect(client.list({}, { signal: AbortSignal.timeout(100) })).rejects.toThrow();
  expect((await client.list()).count).toBe(0);
});

test("CLIENT-FR-016: a token that is not fetched in 30 s is fetched again", async () => {
  speedUp(20);
  const [token, results] = [mint(newUser()), [new Promise<string>(() => {})]];
  const client = newClient({ getToken: () => results.shift() ?? token });
  expect((await client.list()).count).toBe(0);
});

test("CLIENT-FR-016: a signal cancels a call that waits for a token, and no other call", async () => {
  let deliver = (_: string) => {};
  const client = newClient({ getToken: () => new Promise<string>((resolve) => void (deliver = resolve)) });
  const cancelling = new AbortController();
  const cancelled = client.list({}, { signal: cancelling.signal });
  const listed = client.list();
  cancelling.abort(new Error("left the page"));
  await expect(cancelled).rejects.toThrow("left the page");
  deliver(mint(newUser()));
  expect((await listed).count).toBe(0);
});

test("CLIENT-FR-014: a token of another user is not sent before the first is forgotten", async () => {
  const users = [newUser(), newUser(), newUser()];
  const client = newClient({ getToken: () => mint(users.shift() ?? "", 3) });
  await client.create({ title: "Buy milk" });
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  await expect(client.list()).rejects.toThrow(SignedOutError);
  client.clearToken();
  expect((await client.list()).count).toBe(0);
});
