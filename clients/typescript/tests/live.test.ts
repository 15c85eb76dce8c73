import { expect, onTestFinished, test, vi } from "vitest";
import { SignedOutError } from "../src/index.js";
import { mint, newClient, newUser, until } from "./support/api.js";
import { speedUp } from "./support/clock.js";
import { collectGarbage } from "./support/collect.js";
import { Copy } from "./support/copy.js";
import { startProxy } from "./support/proxy.js";

const NEVER_ISSUED = "99999999999999999";

test("CLIENT-FR-030: a copy has all tasks, and then follows their changes", async () => {
  const client = newClient();
  const bread = await client.create({ title: "Bake bread" });
  const copy = new Copy(client);
  await copy.has("Bake bread");
  await copy.isLive();
  await client.create({ title: "Buy milk" });
  await client.update(bread.id, { title: "Bake a cake" });
  await copy.has("Bake a cake", "Buy milk");
  await client.delete(bread.id);
  await copy.has("Buy milk");
  expect(copy.resets).toBe(1);
});

test.each([
  ["its sync token", (since: string) => since],
  ["the sync token that a function reads", (since: string) => async () => since],
])("CLIENT-FR-031: a copy that is stored continues from %s", async (_, read) => {
  const client = newClient();
  await client.create({ title: "Bake bread" });
  const { next_since } = await client.changes();
  await client.create({ title: "Buy milk" });
  const copy = new Copy(client, { since: read(next_since) });
  await copy.has("Buy milk");
  expect(copy.resets).toBe(0);
});

test("CLIENT-FR-032: after a lost connection, the stream continues with what was missed", async () => {
  const proxy = await startProxy();
  const user = newUser();
  const client = newClient({ user });
  const copy = new Copy(newClient({ user, baseUrl: proxy.url }));
  await copy.isLive();
  await client.create({ title: "Bake bread" });
  await copy.has("Bake bread");
  const { since } = copy;
  proxy.faults.push("drop", "drop");
  proxy.cut();
  await client.create({ title: "Buy milk" });
  await copy.has("Bake bread", "Buy milk");
  expect(proxy.requests.at(-1)?.headers["last-event-id"]).toBe(since);
  expect(copy.resets).toBe(1);
  expect(copy.statuses).toContain("waiting");
});

test("CLIENT-FR-032: the waits between attempts grow in a long outage, although each attempt has its own retries", async () => {
  speedUp(20);
  onTestFinished(() => void vi.restoreAllMocks());
  vi.spyOn(Math, "random").mockReturnValue(1); // the longest jitter
  const failures: number[] = [];
  new Copy(newClient({ baseUrl: "http://127.0.0.1:9" }), {
    onStatus: (status) => status === "waiting" && failures.push(Date.now()),
  });
  await until(() => failures.length >= 6, 200);
  const gap = (index: number) => (failures[index + 1] ?? 0) - (failures[index] ?? 0);
  expect(gap(4) - gap(0)).toBeGreaterThan(5_000); // the waits are 0.5, 1, 2, 4 and 8 seconds
});

test("CLIENT-FR-033: a silent stream is replaced", async () => {
  const proxy = await startProxy();
  const user = newUser();
  const copy = new Copy(newClient({ user, baseUrl: proxy.url }), { silence: 400 });
  await copy.isLive();
  proxy.silence();
  await newClient({ user }).create({ title: "Buy milk" });
  await copy.has("Buy milk");
});

test("CLIENT-FR-034: when the token of the stream expires, the stream continues with a new one", async () => {
  const proxy = await startProxy();
  const user = newUser();
  const copy = new Copy(newClient({ user, baseUrl: proxy.url, getToken: () => mint(user, 2) }));
  await copy.isLive();
  const tokens = () => new Set(proxy.requests.filter(({ line }) => line.includes("/events")).map(({ headers }) => headers.authorization));
  await until(() => tokens().size >= 3);
  await newClient({ user }).create({ title: "Buy milk" });
  await copy.has("Buy milk");
});

test("CLIENT-FR-035: if the sync token is expired, the copy begins anew", async () => {
  const client = newClient();
  await client.create({ title: "Bake bread" });
  const copy = new Copy(client, { since: NEVER_ISSUED });
  await copy.has("Bake bread");
  expect(copy.resets).toBe(1);
  await copy.isLive();
  await client.create({ title: "Buy milk" });
  await copy.has("Bake bread", "Buy milk");
});

test("CLIENT-FR-035: if the sync token expires between two streams, the copy begins anew", async () => {
  const proxy = await startProxy();
  const client = newClient({ baseUrl: proxy.url });
  await client.create({ title: "Bake bread" });
  const copy = new Copy(client, { since: (await client.changes()).next_since });
  await copy.isLive();
  const body = JSON.stringify({ type: "urn:problem-type:sync-expired", title: "Gone", status: 410, detail: "Expired." });
  const gone = { status: 410, headers: { "Content-Type": "application/problem+json" }, body };
  proxy.faults.push(gone, gone);
  proxy.cut();
  await copy.has("Bake bread");
  expect(copy.resets).toBe(1);
});

test("CLIENT-FR-035: if loading everything fails after the sync token has expired, the copy begins anew later", async () => {
  const proxy = await startProxy();
  const client = newClient({ baseUrl: proxy.url });
  await client.create({ title: "Bake bread" });
  const copy = new Copy(client);
  await copy.isLive();
  const body = JSON.stringify({ type: "urn:problem-type:sync-expired", title: "Gone", status: 410, detail: "Expired." });
  const gone = { status: 410, headers: { "Content-Type": "application/problem+json" }, body };
  proxy.faults.push(gone, gone, { status: 500 });
  proxy.cut();
  await until(() => proxy.faults.length === 0 && copy.statuses.at(-1) === "live");
  expect(copy.resets).toBe(2);
  expect(copy.titles).toBe("Bake bread");
});

test("CLIENT-FR-036: a rejection by the application repeats the changes", async () => {
  const client = newClient();
  await client.create({ title: "Bake bread" });
  let calls = 0;
  const titles: string[] = [];
  new Copy(client, {
    onChange: ({ tasks }) => {
      if (++calls === 1) throw new Error("The disk is full.");
      titles.push(...tasks.map((task) => task.title));
    },
  });
  await until(() => titles.length > 0);
  expect(titles).toEqual(["Bake bread"]);
});

test("CLIENT-FR-036: an application that fails to show a status has all changes", async () => {
  const logged = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => logged.mockRestore());
  const client = newClient();
  const copy = new Copy(client, {
    onStatus: (status) => {
      throw new Error(`There is no badge for ${status}.`);
    },
  });
  await until(() => logged.mock.calls.some(([error]) => String(error).includes("live")));
  await client.create({ title: "Buy milk" });
  await copy.has("Buy milk");
});

test("CLIENT-FR-037: stopping closes the stream", async () => {
  const proxy = await startProxy();
  const stopping = new AbortController();
  const copy = new Copy(newClient({ baseUrl: proxy.url }), { signal: stopping.signal });
  await copy.isLive();
  expect(proxy.streams()).toBe(1);
  stopping.abort();
  await until(() => proxy.streams() === 0);
  const { length } = proxy.requests;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(proxy.requests.length).toBe(length);
});

test("CLIENT-FR-037: stopping closes the stream also after garbage is collected", async () => {
  const proxy = await startProxy();
  const copy = new Copy(newClient({ baseUrl: proxy.url }));
  await copy.isLive();
  await collectGarbage();
  copy.stop();
  await until(() => proxy.streams() === 0, 2);
});

test("CLIENT-FR-039: clearToken stops following, so that a copy never has tasks of the next user", async () => {
  const proxy = await startProxy();
  const [first, next] = [newUser(), newUser()];
  await newClient({ user: next }).create({ title: "Bake bread" });
  const tokens = [mint(first)];
  const client = newClient({ baseUrl: proxy.url, getToken: () => tokens.shift() ?? mint(next) });
  const copy = new Copy(client);
  await copy.isLive();
  client.clearToken();
  await until(() => proxy.streams() === 0);
  const following = new Copy(client);
  await following.has("Bake bread");
  await client.create({ title: "Buy milk" });
  await following.has("Bake bread", "Buy milk");
  expect([copy.titles, copy.statuses.at(-1)]).toEqual(["", "live"]);
});

test("CLIENT-FR-039: a stream does not go on with the token of another user", async () => {
  const proxy = await startProxy();
  const [first, next] = [newUser(), newUser()];
  await newClient({ user: next }).create({ title: "Bake bread" });
  const tokens = [mint(first, 2)];
  const copy = new Copy(newClient({ baseUrl: proxy.url, getToken: () => tokens.shift() ?? mint(next) }));
  await copy.isLive();
  await until(() => copy.error instanceof SignedOutError);
  expect(copy.titles).toBe("");
});
