import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { NetworkError } from "../src/index.js";
import { followTasks } from "../src/live.js";
import { API_URL, mint, newClient, newUser, until } from "./support/api.js";
import { Copy } from "./support/copy.js";
import { Locks } from "./support/locks.js";
import { startProxy } from "./support/proxy.js";

const page = new EventTarget();
const network = { locks: new Locks(), onLine: true };

beforeEach(() => {
  network.locks = new Locks();
  network.onLine = true;
  vi.stubGlobal("navigator", network);
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
});
afterEach(() => {
  vi.unstubAllGlobals();
});

/** Return the timers and channels that the page will have opened and not closed. */
function openResources(): Set<unknown> {
  const open = new Set<unknown>();
  const { setInterval, clearInterval, BroadcastChannel } = globalThis;
  vi.stubGlobal("setInterval", (act: () => void, milliseconds: number) => {
    const timer = setInterval(act, milliseconds);
    open.add(timer);
    return timer;
  });
  vi.stubGlobal("clearInterval", (timer: NodeJS.Timeout) => {
    open.delete(timer);
    clearInterval(timer);
  });
  vi.stubGlobal("BroadcastChannel", class extends BroadcastChannel {
    constructor(name: string) {
      super(name);
      open.add(this);
    }
    override close() {
      open.delete(this);
      super.close();
    }
  });
  return open;
}

const lockName = (user: string) => `task-api:${API_URL}:${user}`;

function goOnline(isOnline: boolean): void {
  network.onLine = isOnline;
  page.dispatchEvent(new Event(isOnline ? "online" : "offline"));
}

test("CLIENT-FR-040: six tabs share one stream", async () => {
  const proxy = await startProxy();
  const client = newClient({ baseUrl: proxy.url });
  await client.create({ title: "Bake bread" });
  const copies = Array.from({ length: 6 }, () => new Copy(client));
  await Promise.all(copies.map((copy) => copy.has("Bake bread")));
  await until(() => proxy.streams() === 1);
  await client.create({ title: "Buy milk" });
  await Promise.all(copies.map((copy) => copy.has("Bake bread", "Buy milk")));
  expect(proxy.streams()).toBe(1);
});

test("CLIENT-FR-040: tabs of two users share nothing", async () => {
  const proxy = await startProxy();
  const [mine, others] = [newClient({ baseUrl: proxy.url }), newClient({ baseUrl: proxy.url })];
  const copies = [new Copy(mine), new Copy(others)];
  await until(() => proxy.streams() === 2);
  await mine.create({ title: "Buy milk" });
  await copies[0]?.has("Buy milk");
  expect(copies[1]?.titles).toBe("");
});

test("CLIENT-FR-044: other tabs have a change although the application of the tab with the stream fails", async () => {
  const client = newClient();
  const leader = new Copy(client);
  await leader.isLive();
  const follower = new Copy(client);
  await follower.isLive();
  leader.fails = true;
  await client.create({ title: "Buy milk" });
  await follower.has("Buy milk");
  await until(() => leader.statuses.at(-1) === "waiting");
  leader.fails = false;
  await leader.has("Buy milk");
});

test("CLIENT-FR-040: tabs that follow the same user at two APIs share nothing", async () => {
  const [one, other] = [await startProxy(), await startProxy()];
  const user = newUser();
  new Copy(newClient({ user, baseUrl: one.url }));
  new Copy(newClient({ user, baseUrl: other.url }));
  await until(() => one.streams() === 1 && other.streams() === 1);
});

test("CLIENT-FR-041: when the tab with the stream closes, another one opens it, and misses nothing", async () => {
  const proxy = await startProxy();
  const client = newClient({ baseUrl: proxy.url });
  const [first, second] = [new Copy(client), new Copy(client)];
  await first.isLive();
  await until(() => second.since !== "");
  first.stop();
  await newClient();
  await client.create({ title: "Buy milk" });
  await second.has("Buy milk");
  await until(() => proxy.streams() === 1);
});

test("CLIENT-FR-041: a tab takes over from one that is suspended", async () => {
  const user = newUser();
  void network.locks.request(lockName(user), {}, () => new Promise(() => {})).catch(() => {});
  const client = newClient({ user });
  const copy = new Copy(client, { silence: 400 });
  await until(() => copy.since !== "");
  await client.create({ title: "Buy milk" });
  await copy.has("Buy milk");
});

test("CLIENT-FR-045: a tab that becomes visible takes over at once from one that is suspended", async () => {
  const document = Object.assign(new EventTarget(), { visibilityState: "hidden" });
  vi.stubGlobal("document", document);
  const user = newUser();
  const locked = network.locks.request(lockName(user), {}, () => new Promise(() => {}));
  void locked.catch(() => {});
  const copy = new Copy(newClient({ user }));
  await until(() => copy.since !== "");
  Object.assign(document, { visibilityState: "visible" }).dispatchEvent(new Event("visibilitychange"));
  await until(() => copy.statuses.at(-1) === "live", 5);
  await expect(locked).rejects.toThrow("stolen");
});

test("CLIENT-FR-045: a tab that becomes visible lets a leader that responds go on", async () => {
  const proxy = await startProxy();
  const client = newClient({ baseUrl: proxy.url });
  const [leader, follower] = [new Copy(client), new Copy(client)];
  await Promise.all([leader.isLive(), follower.isLive()]);
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(proxy.requests.filter(({ line }) => line.includes("/events")).length).toBe(1);
});

test("CLIENT-FR-042: a tab that has missed a message requests what is missing", async () => {
  const user = newUser();
  const client = newClient({ user });
  void network.locks.request(lockName(user), {}, () => new Promise(() => {}));
  const copy = new Copy(client);
  await until(() => copy.since !== "");
  await client.create({ title: "Bake bread" });
  const { next_since: after } = await client.changes();
  const task = await client.create({ title: "Buy milk" });
  const leader = new BroadcastChannel(lockName(user));
  leader.postMessage({ batch: { after, tasks: [task], since: String(task.revision) } });
  leader.close();
  await copy.has("Bake bread", "Buy milk");
});

test("CLIENT-FR-042: what the tab with the stream has loaded after an expired sync token, the others request", async () => {
  const proxy = await startProxy();
  const user = newUser();
  const client = newClient({ user, baseUrl: proxy.url });
  const copies = [new Copy(client), new Copy(client)];
  await Promise.all(copies.map((copy) => copy.isLive()));
  await until(() => copies.every(({ since }) => since !== ""));
  proxy.faultOf = () => "drop";
  proxy.cut();
  await newClient({ user }).create({ title: "Buy milk" });
  const body = JSON.stringify({ type: "urn:problem-type:sync-expired", title: "Gone", status: 410, detail: "Expired." });
  const gone = { status: 410, headers: { "Content-Type": "application/problem+json" }, body };
  let streams = 0;
  proxy.faultOf = (line) => (line.includes("/events") && streams++ === 0 ? gone : "pass");
  await Promise.all(copies.map((copy) => copy.has("Buy milk")));
});

test("CLIENT-FR-043: offline, nothing is sent for a while; online, the stream is open at once", async () => {
  const proxy = await startProxy();
  const user = newUser();
  const copy = new Copy(newClient({ user, baseUrl: proxy.url }));
  await copy.isLive();
  goOnline(false);
  await until(() => copy.statuses.at(-1) === "offline" && proxy.streams() === 0);
  await newClient({ user }).create({ title: "Buy milk" });
  const { length } = proxy.requests;
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(proxy.requests.length).toBe(length);
  goOnline(true);
  await copy.has("Buy milk");
  await copy.isLive();
});

test("CLIENT-FR-043: a request that is cancelled because the device is offline fails with a network error", async () => {
  const proxy = await startProxy();
  proxy.faults.push("stall");
  const copy = new Copy(newClient({ baseUrl: proxy.url }));
  await until(() => proxy.requests.length === 1);
  goOnline(false);
  await until(() => copy.statuses.at(-1) === "offline");
  expect(copy.error).toBeInstanceOf(NetworkError);
});

test("CLIENT-FR-043: when the page becomes visible, the stream is opened at once, and not when it is hidden", async () => {
  const document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  vi.stubGlobal("document", document);
  const show = (visibilityState: string) =>
    Object.assign(document, { visibilityState }).dispatchEvent(new Event("visibilitychange"));
  const proxy = await startProxy();
  const copy = new Copy(newClient({ baseUrl: proxy.url }));
  await copy.isLive();
  proxy.faults.push(...Array.from({ length: 12 }, () => ({ status: 403 })));
  proxy.cut();
  await until(() => proxy.faults.length === 8 && copy.statuses.at(-1) === "waiting", 20); // the next attempt is 4 to 8 seconds away
  show("hidden");
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(proxy.faults.length).toBe(8);
  proxy.faults.length = 0;
  const shown = performance.now();
  show("visible");
  await copy.isLive();
  expect(performance.now() - shown).toBeLessThan(2_000);
});

test("CLIENT-FR-038: stopping while the token is fetched leaves nothing open and calls nothing", async () => {
  let deliver = (_: string) => {};
  const client = newClient({ getToken: () => new Promise<string>((resolve) => void (deliver = resolve)) });
  const [open, called] = [openResources(), vi.fn()];
  followTasks(client, { onChange: called, onStatus: called })();
  deliver(mint(newUser()));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect([open.size, called.mock.calls]).toEqual([0, []]);
});

test("CLIENT-FR-038: stopping while the tasks are loaded leaves nothing open and calls nothing", async () => {
  const proxy = await startProxy();
  proxy.faults.push("stall");
  const [open, called] = [openResources(), vi.fn()];
  const stop = followTasks(newClient({ baseUrl: proxy.url }), { onChange: called, onStatus: called });
  await until(() => proxy.requests.length === 1);
  stop();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect([open.size, called.mock.calls]).toEqual([0, []]);
});

test("CLIENT-FR-038: a page that stops and follows again, as React does in development, has one stream", async () => {
  const proxy = await startProxy();
  const client = newClient({ baseUrl: proxy.url });
  followTasks(client, { onChange: () => {} })();
  const copy = new Copy(client);
  await copy.isLive();
  expect([proxy.streams(), copy.resets]).toEqual([1, 1]);
});
