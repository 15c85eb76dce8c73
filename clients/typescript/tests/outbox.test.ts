import { createLiveQueryCollection } from "@tanstack/db";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type DeviceStore, memoryStore } from "../src/device-store.js";
import { NetworkError, SignedOutError } from "../src/index.js";
import { API_URL, mint, newClient, newUser, until } from "./support/api.js";
import { Device, haveConverged } from "./support/device.js";
import { Locks } from "./support/locks.js";
import { isWrite, startNetwork } from "./support/network.js";

const document = Object.assign(new EventTarget(), { visibilityState: "visible" });

beforeEach(() => {
  vi.stubGlobal("navigator", { locks: new Locks(), onLine: true });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

test("CLIENT-FR-080: all tabs show the edits of each, and send them in their order, without conflicts", async () => {
  const { proxy, goOffline, goOnline } = await startNetwork();
  const client = newClient({ baseUrl: proxy.url });
  const { uid } = await client.create({ title: "Buy milk" });
  const store = memoryStore();
  const [one, other] = [new Device(client, { store }), new Device(client, { store })];
  await Promise.all([one.shows("Buy milk"), other.shows("Buy milk")]);
  goOffline();
  const rename = (device: Device, title: string) =>
    device.tasks.update(uid, (draft) => {
      draft.title = title;
    });
  rename(one, "Buy oat milk");
  await other.shows("Buy oat milk");
  rename(other, "Buy soy milk");
  await one.shows("Buy soy milk");
  one.tasks.insert({ title: "Bake bread" });
  await other.shows("Bake bread", "Buy soy milk");
  goOnline();
  await haveConverged(client, one, other);
  expect(one.titles).toBe("Bake bread,Buy soy milk");
  expect([...one.conflicts, ...other.conflicts]).toEqual([]);
});

test("CLIENT-FR-080: when the tab that sends is closed, another one sends its edits", async () => {
  const { proxy, failWrites, goOnline } = await startNetwork();
  const client = newClient({ baseUrl: proxy.url });
  const store = memoryStore();
  const [closed, other] = [new Device(client, { store }), new Device(client, { store })];
  await Promise.all([closed.tasks.preload(), other.tasks.preload()]);
  failWrites("drop");
  await closed.tasks.insert({ title: "Buy milk" }).isPersisted.promise;
  await closed.kill();
  goOnline();
  await haveConverged(client, other);
  expect(other.titles).toBe("Buy milk");
});

test("CLIENT-FR-080: when the tab that sends is closed before it tells the others what it has sent, they find out", async () => {
  const client = newClient();
  const store = memoryStore();
  let hasEnded = false;
  const writeIf: DeviceStore["writeIf"] = async (condition, values, cleared) => {
    const isEnd = condition.key in values && values[condition.key] === undefined;
    if (isEnd) await until(() => others.every(({ pending }) => pending === 1));
    await store.writeIf?.(condition, values, cleared);
    if (isEnd) await closed.kill();
    hasEnded ||= isEnd;
  };
  const closed = new Device(client, { store: { ...store, writeIf } });
  await closed.tasks.preload();
  const others = [new Device(client, { store }), new Device(client, { store })];
  for (const { tasks } of others) await tasks.preload();
  closed.tasks.insert({ title: "Buy milk" });
  await until(() => hasEnded);
  await haveConverged(client, ...others);
});

test("CLIENT-FR-080: a tab that becomes visible shows and sends the edit of a tab that was closed at once", async () => {
  vi.stubGlobal("document", document);
  const client = newClient();
  const store = memoryStore();
  const write: DeviceStore["write"] = async (values) => {
    await store.write(values);
    await closed.kill();
  };
  const [closed, other] = [new Device(client, { store: { ...store, write } }), new Device(client, { store })];
  await Promise.all([closed.tasks.preload(), other.tasks.preload()]);
  await other.tasks.insert({ title: "Bake bread" }).isPersisted.promise; // it sends from now on
  await haveConverged(client, other);
  closed.tasks.insert({ title: "Buy milk" });
  await until(async () => (await store.read("task-api:edits:")).length === 1);
  document.dispatchEvent(new Event("visibilitychange"));
  await other.shows("Bake bread", "Buy milk");
  await haveConverged(client, other);
});

test("CLIENT-FR-080: all tabs know when nothing of an edit remains to send", async () => {
  const { proxy, goOffline, goOnline } = await startNetwork();
  const user = newUser();
  const client = newClient({ user, baseUrl: proxy.url });
  const { id, uid } = await client.create({ title: "Buy milk" });
  const store = memoryStore();
  const writeIf: DeviceStore["writeIf"] = async (...write) => {
    await new Promise((resolve) => setTimeout(resolve, 20)); // longer than a message takes
    await store.writeIf?.(...write);
  };
  const [one, other] = [new Device(client, { store: { ...store, writeIf } }), new Device(client, { store })];
  await Promise.all([one.shows("Buy milk"), other.shows("Buy milk")]);
  goOffline();
  one.tasks.update(uid, (draft) => {
    draft.title = "Buy oat milk";
  });
  await other.shows("Buy oat milk");
  await newClient({ user }).update(id, { title: "Buy oat milk" });
  goOnline();
  await haveConverged(client, one, other);
});

test("CLIENT-FR-080: the tab that becomes visible sends, and reports conflicts", async () => {
  vi.stubGlobal("document", document);
  const { proxy, goOffline, goOnline } = await startNetwork();
  const user = newUser();
  const client = newClient({ user, baseUrl: proxy.url });
  const { uid } = await client.create({ title: "Buy milk" });
  const store = memoryStore();
  const [hidden, visible] = [new Device(client, { store }), new Device(client, { store })];
  await Promise.all([hidden.shows("Buy milk"), visible.shows("Buy milk")]);
  goOffline();
  await hidden.tasks.update(uid, (draft) => {
    draft.title = "Buy oat milk";
  }).isPersisted.promise;
  await visible.shows("Buy oat milk");
  document.dispatchEvent(new Event("visibilitychange"));
  await newClient({ user }).update(`uid:${uid}`, { title: "Buy soy milk" });
  goOnline();
  await haveConverged(client, hidden, visible);
  expect(visible.titles).toBe("Buy soy milk");
  expect([hidden.conflicts.length, visible.conflicts.length]).toEqual([0, 1]);
});

test("CLIENT-FR-080: the tab in which the user edits sends", async () => {
  const { proxy, goOffline, goOnline } = await startNetwork();
  const user = newUser();
  const client = newClient({ user, baseUrl: proxy.url });
  const { uid } = await client.create({ title: "Buy milk" });
  const store = memoryStore();
  const [first, second] = [new Device(client, { store }), new Device(client, { store })];
  await Promise.all([first.shows("Buy milk"), second.shows("Buy milk")]);
  goOffline();
  await second.tasks.update(uid, (draft) => {
    draft.title = "Buy oat milk";
  }).isPersisted.promise;
  await newClient({ user }).update(`uid:${uid}`, { title: "Buy soy milk" });
  goOnline();
  await haveConverged(client, first, second);
  expect([first.conflicts.length, second.conflicts.length]).toEqual([0, 1]);
});

test("CLIENT-FR-081: edits are never sent with the token of another user, and wait for their own", async () => {
  const { proxy, failWrites, goOnline } = await startNetwork();
  const owner = newUser();
  const stranger = `${owner}:edit`; // whose keys in the store begin like those of the owner
  let user = owner;
  const client = newClient({ baseUrl: proxy.url, getToken: () => mint(user) });
  const store = memoryStore();
  const first = new Device(client, { store });
  await first.tasks.preload();
  failWrites("drop");
  await first.tasks.insert({ title: "Buy milk" }).isPersisted.promise;
  user = stranger;
  client.clearToken();
  const second = new Device(client, { store });
  await second.tasks.preload();
  expect(second.titles).toBe("");
  const before = proxy.requests.length;
  goOnline();
  second.tasks.insert({ title: "Bake bread" });
  await second.isSynced();
  expect(second.titles).toBe("Bake bread");
  expect(proxy.requests.slice(before).filter(({ line }) => isWrite(line)).length).toBe(1);
  expect((await newClient({ user: stranger }).list()).tasks.map(({ title }) => title)).toEqual(["Bake bread"]);
  await Promise.all([first.kill(), second.kill()]);
  const third = new Device(newClient({ user: owner, baseUrl: proxy.url }), { store });
  await third.isSynced();
  expect((await newClient({ user: owner }).list()).tasks.map(({ title }) => title)).toEqual(["Buy milk"]);
});

test("CLIENT-FR-081: without a user, edits are refused: their token might be that of anybody", async () => {
  const store = memoryStore();
  const device = new Device(newClient({ getToken: () => mint(newUser(), 900, "id") }), { store });
  let reports = 0;
  device.tasks.utils.subscribe(() => (reports += Number(device.tasks.utils.state().error instanceof TypeError)));
  await expect(device.tasks.insert({ title: "Buy milk" }).isPersisted.promise).rejects.toThrow(TypeError);
  await until(() => reports > 2);
  expect(await store.read("")).toEqual([]);
});

test("CLIENT-FR-089: when a user signs out and another one in, a collection has the tasks and edits of the other", async () => {
  const { proxy, failWrites, goOnline } = await startNetwork();
  const [oneUser, anotherUser] = [newUser(), newUser()];
  await newClient({ user: oneUser }).create({ title: "Own task" });
  let user: string | undefined = oneUser;
  const client = newClient({ baseUrl: proxy.url, getToken: () => (user ? mint(user) : null) });
  const store = memoryStore();
  const device = new Device(client, { store });
  const list = createLiveQueryCollection((query) => query.from({ task: device.tasks }));
  await list.preload();
  await device.shows("Own task");
  failWrites("drop");
  await device.tasks.insert({ title: "Own edit" }).isPersisted.promise;
  user = undefined;
  client.clearToken();
  expect([device.titles, device.pending, list.status, list.size]).toEqual(["", 0, "ready", 0]);
  await expect(device.tasks.insert({ title: "Nobody's" }).isPersisted.promise).rejects.toThrow(SignedOutError);
  await until(() => device.tasks.utils.state().connection === "waiting");
  expect(device.tasks.utils.state()).toMatchObject({ pending: 0, error: { name: "SignedOutError" } });
  await expect(device.tasks.insert({ title: "Nobody's" }).isPersisted.promise).rejects.toThrow(SignedOutError);
  user = anotherUser;
  client.clearToken();
  await until(() => device.tasks.utils.state().connection === "live");
  await device.tasks.insert({ title: "Another task" }).isPersisted.promise;
  goOnline();
  await haveConverged(newClient({ user: anotherUser }), device);
  expect(device.titles).toBe("Another task");
  client.clearToken();
  await expect(device.tasks.insert({ title: "Nobody's" }).isPersisted.promise).rejects.toThrow(SignedOutError);
  user = oneUser;
  await device.shows("Own edit", "Own task");
  await haveConverged(newClient({ user: oneUser }), device);
  expect([list.status, list.size]).toEqual(["ready", 2]);
});

test("CLIENT-FR-089: an edit of a session that ends before its user is known is refused", async () => {
  let user: string | undefined;
  const getToken = () => {
    if (user) return mint(user);
    throw new Error("There is no network.");
  };
  const client = newClient({ getToken });
  const device = new Device(client);
  const inserted = device.tasks.insert({ title: "Buy milk" }).isPersisted.promise;
  await until(() => device.tasks.utils.state().error instanceof NetworkError);
  expect(device.titles).toBe("Buy milk");
  user = newUser();
  client.clearToken();
  await expect(inserted).rejects.toThrow(SignedOutError);
  await until(() => device.tasks.utils.state().connection === "live");
  expect(device.titles).toBe("");
});

test("CLIENT-FR-089: a response to the user who has signed out is not shown to the next one", async () => {
  const [oneUser, anotherUser] = [newUser(), newUser()];
  let user = oneUser;
  const client = newClient({ getToken: () => mint(user) });
  const memory = memoryStore();
  let settle: (() => void) | undefined;
  const writeIf: DeviceStore["writeIf"] = async (condition, values, cleared) => {
    const isOver = condition.key.startsWith("task-api:edits:") && !Object.values(values).some(Boolean);
    if (isOver) await new Promise<void>((resolve) => (settle = resolve));
    await memory.writeIf?.(condition, values, cleared);
  };
  const device = new Device(client, { store: { ...memory, writeIf } });
  await device.tasks.preload();
  device.tasks.insert({ title: "Own task" });
  await until(() => settle !== undefined);
  user = anotherUser;
  client.clearToken();
  await until(() => device.tasks.utils.state().connection === "live");
  settle?.();
  await client.list(); // the time in which it could be shown
  expect(device.titles).toBe("");
});

test("CLIENT-FR-089: with `userId`, the edits of a user who has signed out are not shown", async () => {
  const { proxy, failWrites } = await startNetwork();
  const user = newUser();
  let isSignedIn = true;
  const client = newClient({ baseUrl: proxy.url, userId: user, getToken: () => (isSignedIn ? mint(user) : null) });
  const device = new Device(client);
  await device.tasks.preload();
  failWrites("drop");
  await device.tasks.insert({ title: "Buy milk" }).isPersisted.promise;
  isSignedIn = false;
  client.clearToken();
  await until(() => device.tasks.utils.state().connection === "waiting");
  expect([device.titles, device.pending]).toEqual(["", 0]);
  isSignedIn = true;
  client.clearToken();
  await device.shows("Buy milk");
});

test("CLIENT-FR-082: the connection, the pending edits and the reason are reported", async () => {
  const { proxy, failWrites, goOnline } = await startNetwork();
  const device = new Device(newClient({ baseUrl: proxy.url }));
  const states: unknown[] = [];
  const unsubscribe = device.tasks.utils.subscribe(() => states.push(device.tasks.utils.state()));
  await device.tasks.preload();
  await until(() => device.tasks.utils.state().connection === "live");
  expect(device.tasks.utils.state()).toEqual({ connection: "live", pending: 0, error: undefined });
  failWrites("drop");
  device.tasks.insert({ title: "Buy milk" });
  await until(() => device.tasks.utils.state().error instanceof NetworkError, 20);
  await device.tasks.insert({ title: "Bake bread" }).isPersisted.promise;
  expect(device.tasks.utils.state()).toMatchObject({ pending: 2, error: { name: "NetworkError" } });
  goOnline();
  await device.isSynced();
  await until(() => device.tasks.utils.state().error === undefined);
  expect(states.at(-1)).toBe(device.tasks.utils.state());
  expect(device.tasks.utils.state()).toBe(device.tasks.utils.state());
  unsubscribe();
});

test("CLIENT-FR-082: edits are sent although a listener of the application fails", async () => {
  const failures = vi.spyOn(console, "error").mockImplementation(() => {});
  const client = newClient();
  const device = new Device(client);
  device.tasks.utils.subscribe(() => {
    throw new Error("The application has a bug.");
  });
  await device.tasks.preload();
  device.tasks.insert({ title: "Buy milk" });
  await haveConverged(client, device);
  expect(failures).toHaveBeenCalled();
  failures.mockRestore();
});

test("CLIENT-FR-082: a tab reports no error of sending when another one sends", async () => {
  const { proxy, failWrites, goOnline } = await startNetwork();
  const client = newClient({ baseUrl: proxy.url });
  const store = memoryStore();
  const [one, other] = [new Device(client, { store }), new Device(client, { store })];
  await until(() => [one, other].every(({ tasks }) => tasks.utils.state().connection === "live"));
  failWrites({ status: 500 });
  one.tasks.insert({ title: "Buy milk" });
  await until(() => Boolean(one.tasks.utils.state().error));
  other.tasks.insert({ title: "Bake bread" });
  await until(() => Boolean(other.tasks.utils.state().error));
  expect(one.tasks.utils.state()).toMatchObject({ pending: 2, error: undefined });
  goOnline();
  await haveConverged(client, one, other);
});

test("CLIENT-FR-083: if the copy begins anew, the pending edits remain", async () => {
  const { proxy, failWrites, goOnline } = await startNetwork();
  const client = newClient({ baseUrl: proxy.url });
  const bread = await client.create({ title: "Bake bread" });
  const device = new Device(client);
  await device.shows("Bake bread");
  await until(() => device.tasks.utils.state().connection === "live");
  failWrites("drop");
  device.tasks.insert({ title: "Buy milk" });
  device.tasks.update(bread.uid, (draft) => {
    draft.title = "Bake a cake";
  });
  await until(() => device.pending === 2);
  const body = JSON.stringify({ type: "urn:problem-type:sync-expired", title: "Gone", status: 410, detail: "Expired." });
  const gone = { status: 410, headers: { "Content-Type": "application/problem+json" }, body };
  let expired = 0;
  proxy.faultOf = (line) => {
    if (isWrite(line)) return "drop";
    return line.includes("/events") && expired++ === 0 ? gone : "pass";
  };
  proxy.cut();
  const loads = () => proxy.requests.filter(({ line }) => line.includes("/changes")).length;
  const before = loads();
  await until(() => loads() > before);
  expect(device.titles).toBe("Bake a cake,Buy milk");
  goOnline();
  await haveConverged(client, device);
  expect(device.titles).toBe("Bake a cake,Buy milk");
});

test("CLIENT-FR-072: edits that are made at the same time are stored together", async () => {
  const { proxy, goOffline } = await startNetwork();
  const store = memoryStore();
  const write = vi.fn(store.write);
  const device = new Device(newClient({ baseUrl: proxy.url }), { store: { ...store, write } });
  await device.tasks.preload();
  goOffline();
  for (let number = 0; number < 100; number++) device.tasks.insert({ title: `${number}` });
  await device.stored();
  expect(device.pending).toBe(100);
  expect(write.mock.calls.length).toBeLessThan(10);
});

test("CLIENT-FR-084: many edits, and edits that are too large for one request, are sent in several", async () => {
  const client = newClient();
  const device = new Device(client);
  await device.tasks.preload();
  device.tasks.insert(Array.from({ length: 250 }, (_, number) => ({ title: `${number}` })));
  await haveConverged(client, device);
  const description = "😀".repeat(10_000);
  device.tasks.update([...device.tasks.keys()].slice(0, 60), (drafts) => {
    for (const draft of drafts) draft.description = description;
  });
  await haveConverged(client, device);
  expect([...device.tasks.values()].filter((task) => task.description === description).length).toBe(60);
  expect(device.rejections).toEqual([]);
});

test("CLIENT-FR-085: a collection that starts again after a cleanup has its edits", async () => {
  const { proxy, failWrites, goOnline } = await startNetwork();
  const client = newClient({ baseUrl: proxy.url });
  const device = new Device(client);
  await device.tasks.preload();
  failWrites("drop");
  await device.tasks.insert({ title: "Buy milk" }).isPersisted.promise;
  await device.tasks.cleanup();
  expect(API_URL).not.toBe(proxy.url);
  device.tasks.startSyncImmediate();
  await device.shows("Buy milk");
  goOnline();
  await haveConverged(client, device);
});
