import "fake-indexeddb/auto";
import { readFileSync } from "node:fs";
import { afterEach, expect, test, vi } from "vitest";
import { defaultStore, type DeviceStore, memoryStore } from "../src/device-store.js";
import { ProblemError, type Task } from "../src/index.js";
import { FORMAT } from "../src/stored-copy.js";
import { mint, newClient, newUser, until } from "./support/api.js";
import { Device, haveConverged } from "./support/device.js";
import { startNetwork } from "./support/network.js";
import { prefixOf, storedCopy, stores } from "./support/stored.js";

afterEach(() => {
  vi.unstubAllGlobals();
});

type Write = Parameters<NonNullable<DeviceStore["writeIf"]>>;

const never = () => new Promise<never>(() => {});

/** A store of a tab that is suspended: its writes of tasks wait until they are released, and there are no later ones. */
function slowly(store: DeviceStore) {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const held: Promise<void>[] = [];
  let isReleased = false;
  const writeIf = async (...write: Write) => {
    if (Object.keys(write[1]).length === 1) return store.writeIf?.(...write); // to begin a copy
    if (isReleased) return never();
    const written = released.then(() => store.writeIf?.(...write));
    held.push(written);
    await written;
  };
  return {
    store: { ...store, writeIf },
    held,
    release: async () => {
      isReleased = true;
      release();
      await Promise.all(held);
    },
  };
}

/** A device that has stored tasks, and is closed. */
async function closedDevice(options: { titles: string[]; store?: DeviceStore; user?: string }) {
  const { titles, store = defaultStore(), user = newUser() } = options;
  const network = await startNetwork();
  const client = newClient({ user, baseUrl: network.proxy.url });
  const tasks: Task[] = [];
  for (const title of titles) tasks.push(await client.create({ title }));
  const device = new Device(client, { store });
  await stores([...titles].sort().join(), client.baseUrl, store);
  await device.kill();
  const loads = () => network.proxy.requests.map(({ line }) => line).filter((line) => line.includes("/changes"));
  const before = loads().length;
  return { ...network, client, tasks, store, user, url: client.baseUrl, loads: () => loads().slice(before) };
}

test("CLIENT-FR-107: the tasks and their sync token are stored together, and then those that change", async () => {
  const { proxy } = await startNetwork();
  const client = newClient({ baseUrl: proxy.url });
  const [milk, bread] = [await client.create({ title: "Buy milk" }), await client.create({ title: "Bake bread" })];
  await client.create({ title: "Take out the trash" });
  const writes: string[][] = [];
  const store = defaultStore();
  const writeIf = async (...write: Write) => {
    writes.push(Object.keys(write[1]));
    await store.writeIf?.(...write);
  };
  const device = new Device(client, { store: { ...store, writeIf } });
  await stores("Bake bread,Buy milk,Take out the trash", proxy.url);
  await until(() => device.tasks.utils.state().connection === "live");
  const before = writes.length;
  await client.update(milk.id, { title: "Buy oat milk" });
  await client.delete(bread.id);
  await stores("Buy oat milk,Take out the trash", proxy.url);
  expect((await storedCopy(proxy.url)).since).toBe((await client.changes()).next_since);
  const keys = [milk.uid, bread.uid, ""].map((uid) => prefixOf(proxy.url) + uid);
  expect(writes.slice(before).flat().filter((key) => !keys.includes(key))).toEqual([]);
});

test("CLIENT-FR-107: a write that fails in its middle has no effect", async () => {
  const store = defaultStore();
  await store.write({ "half:": 1, "half:a": 1 });
  const condition = { key: "half:", isMet: (value: unknown) => value === 1 };
  const failing = store.writeIf?.(condition, { "half:": 2, "half:a": 2, "half:b": () => {} }, "half:");
  await expect(failing).rejects.toThrow();
  expect(await store.read("half:")).toEqual([1, 1]);
});

test.each([["IndexedDB", defaultStore], ["memory", memoryStore]] as const)(
  "CLIENT-FR-107: %s writes only if the condition is met, after what is to be deleted",
  async (_, newStore) => {
    const store = newStore();
    await store.write({ "if:": 1, "if:a": "a", other: "other" });
    await store.writeIf?.({ key: "if:", isMet: (value) => value === 2 }, { "if:a": undefined }, "if:");
    expect(await store.read("if:")).toEqual([1, "a"]);
    await store.writeIf?.({ key: "if:", isMet: (value) => value === 1 }, { "if:b": "b" }, "if:");
    expect([await store.read("if:"), await store.read("other")]).toEqual([["b"], ["other"]]);
  },
);

test("CLIENT-FR-108: a page that opens offline shows the stored tasks, with the pending edits", async () => {
  const { client, tasks, goOffline, goOnline, loads } = await closedDevice({ titles: ["Buy milk", "Bake bread"] });
  goOffline();
  const killed = new Device(client, { store: undefined });
  await killed.shows("Bake bread", "Buy milk");
  expect(killed.tasks.status).toBe("ready");
  await killed.tasks.update(tasks[0]!.uid, (draft) => {
    draft.title = "Buy oat milk";
  }).isPersisted.promise;
  await killed.kill();
  const device = new Device(client, { store: undefined });
  await device.shows("Bake bread", "Buy oat milk");
  expect(device.pending).toBe(1);
  goOnline();
  await haveConverged(client, device);
  expect(device.titles).toBe("Bake bread,Buy oat milk");
  expect(device.conflicts).toEqual([]);
  expect(loads().filter((line) => line.includes("since=0"))).toEqual([]);
});

test("CLIENT-FR-108: a page of a user without tasks is ready offline, too", async () => {
  const { client, goOffline } = await closedDevice({ titles: [] });
  goOffline();
  const device = new Device(client, { store: undefined });
  await until(() => device.tasks.status === "ready");
  expect(device.tasks.size).toBe(0);
});

test("CLIENT-FR-108: tasks that were stored before the first sync token are shown, and loaded again", async () => {
  const { client, url, user, tasks, goOffline, goOnline } = await closedDevice({ titles: ["Buy milk"] });
  const purged = { ...tasks[0], uid: "purged", title: "Purged" };
  const head = { format: FORMAT, user, since: "0" };
  await defaultStore().write({ [prefixOf(url)]: head, [`${prefixOf(url)}purged`]: purged });
  goOffline();
  const device = new Device(client, { store: undefined });
  await device.shows("Buy milk", "Purged");
  goOnline();
  await device.shows("Buy milk");
  await stores("Buy milk", url);
});

test("CLIENT-FR-108: a page that opens online shows the stored tasks, and requests only what has changed since", async () => {
  const { proxy, client, user, tasks, url, loads } = await closedDevice({ titles: ["Buy milk", "Bake bread"] });
  const { since } = await storedCopy(url);
  const online = newClient({ user });
  await online.create({ title: "Take out the trash" });
  await online.delete(tasks[1]!.id);
  proxy.faultOf = (line) => (line.includes("/changes") ? "delay the body" : "pass");
  const device = new Device(client, { store: undefined });
  await device.shows("Bake bread", "Buy milk");
  await device.shows("Buy milk", "Take out the trash");
  await stores("Buy milk,Take out the trash", url);
  expect(loads()).toEqual([expect.stringContaining(`since=${since}`)]);
});

test("CLIENT-FR-109: if the stored sync token is expired, everything is loaded again and replaces the copy", async () => {
  const { proxy, client, url, loads, tasks } = await closedDevice({ titles: ["Buy milk"] });
  await defaultStore().write({ [`${prefixOf(url)}purged`]: { ...tasks[0], uid: "purged", title: "Purged" } });
  const body = JSON.stringify({ type: "urn:problem-type:sync-expired", title: "Gone", status: 410, detail: "Expired." });
  proxy.faultOf = () => "drop";
  const device = new Device(client, { store: undefined });
  await device.shows("Buy milk", "Purged");
  const gone = { status: 410, headers: { "Content-Type": "application/problem+json" }, body };
  proxy.faultOf = (line) => (line.includes("since=") && !line.includes("since=0") ? gone : "pass");
  await device.shows("Buy milk");
  await stores("Buy milk", url);
  expect(loads().at(-1)).toContain("since=0");
});

test("CLIENT-FR-109: the copy of a database that was restored, whose sync tokens are older, is replaced", async () => {
  const { client, url } = await closedDevice({ titles: ["Buy milk"] });
  const { since } = await storedCopy(url);
  const user = await client.user();
  const ahead = `${Number(since) + 1_000_000}`;
  await defaultStore().write({ [prefixOf(url)]: { format: FORMAT, user, since: ahead } });
  const device = new Device(client, { store: undefined });
  await until(async () => (await storedCopy(url)).since === since);
  expect([device.titles, (await storedCopy(url)).titles]).toEqual(["Buy milk", "Buy milk"]);
});

test("CLIENT-FR-110: a tab that is behind does not replace what another one has stored", async () => {
  const { client, store, tasks, url } = await closedDevice({ titles: ["Buy milk"] });
  const behind = slowly(store);
  const [slow, fast] = [new Device(client, { store: behind.store }), new Device(client, { store })];
  for (const { tasks } of [slow, fast]) await until(() => tasks.utils.state().connection === "live");
  await client.update(tasks[0]!.id, { title: "Buy oat milk" });
  await until(() => slow.titles === "Buy oat milk" && behind.held.length > 0);
  await client.update(tasks[0]!.id, { title: "Buy soy milk" });
  await stores("Buy soy milk", url);
  const { since } = await storedCopy(url);
  await behind.release();
  expect(await storedCopy(url)).toMatchObject({ since, titles: "Buy soy milk" });
});

test("CLIENT-FR-110: a first load that is late does not replace what another tab has stored", async () => {
  const { proxy } = await startNetwork();
  const client = newClient({ baseUrl: proxy.url });
  const { id } = await client.create({ title: "Buy milk" });
  const store = defaultStore();
  const behind = slowly(store);
  const slow = new Device(client, { store: behind.store });
  new Device(client, { store });
  await until(() => slow.titles === "Buy milk" && behind.held.length > 0);
  await stores("Buy milk", proxy.url);
  await client.update(id, { title: "Buy soy milk" });
  await stores("Buy soy milk", proxy.url);
  const { since } = await storedCopy(proxy.url);
  await behind.release();
  expect(await storedCopy(proxy.url)).toMatchObject({ since, titles: "Buy soy milk" });
});

test("CLIENT-FR-110: changes of a tab that do not follow the copy are not added to it, but replace it", async () => {
  const { client, store, url, tasks } = await closedDevice({ titles: ["Buy milk", "Bake bread"] });
  const device = new Device(client, { store });
  await until(() => device.tasks.utils.state().connection === "live");
  const [head] = (await store.read(prefixOf(url))) as { since: string }[];
  const older = { ...head, since: `${Number(head!.since) - 2}` }; // as of another tab that began anew
  await store.write({ [prefixOf(url)]: older, [prefixOf(url) + tasks[1]!.uid]: undefined });
  await client.update(tasks[0]!.id, { title: "Buy oat milk" });
  await device.shows("Bake bread", "Buy oat milk");
  await stores("Bake bread,Buy oat milk", url);
  expect((await storedCopy(url)).since).toBe((await client.changes()).next_since);
});

test("CLIENT-FR-111: when the session ends, the tasks are removed from the device, and the edits stay", async () => {
  const { proxy, goOffline } = await startNetwork();
  const user = newUser();
  let isSignedIn = true;
  const client = newClient({ baseUrl: proxy.url, userId: user, getToken: () => (isSignedIn ? mint(user) : null) });
  await client.create({ title: "Buy milk" });
  const behind = slowly(defaultStore());
  const [device, other] = [new Device(client, { store: undefined }), new Device(newClient({ user, baseUrl: proxy.url }), { store: behind.store })];
  await stores("Buy milk", proxy.url);
  await until(() => other.titles === "Buy milk" && behind.held.length > 0);
  goOffline();
  await device.tasks.insert({ title: "Bake bread" }).isPersisted.promise;
  isSignedIn = false;
  client.clearToken();
  await until(async () => (await defaultStore().read(prefixOf(proxy.url))).length === 0);
  await behind.release(); // of a tab that has not noticed the end of the session
  expect(await defaultStore().read(prefixOf(proxy.url))).toEqual([]);
  expect(device.titles).toBe("");
  const edits = `task-api:edits:${encodeURIComponent(proxy.url)}:${user}:`;
  expect(await defaultStore().read(edits)).toMatchObject([{ task: { title: "Bake bread" } }]);
});

test("CLIENT-FR-111: when the session ends while the collection is stopped, the tasks are removed, too", async () => {
  const { client, url } = await closedDevice({ titles: ["Buy milk"] });
  expect((await storedCopy(url)).titles).toBe("Buy milk");
  client.clearToken();
  await until(async () => (await defaultStore().read(prefixOf(url))).length === 0);
});

test("CLIENT-FR-111: another user does not see the stored tasks, and they are removed", async () => {
  const { proxy, goOffline, goOnline, store, url, user } = await closedDevice({ titles: ["Own task"] });
  goOffline();
  const other = newClient({ baseUrl: proxy.url });
  const device = new Device(other, { store });
  await until(async () => (await storedCopy(url)).since === "");
  expect([device.titles, device.tasks.status, (await storedCopy(url)).titles]).toEqual(["", "loading", ""]);
  goOnline();
  await other.create({ title: "Another task" });
  await device.shows("Another task");
  await stores("Another task", url);
  await device.kill();
  goOffline();
  const owner = new Device(newClient({ user, baseUrl: proxy.url }), { store });
  await until(async () => (await storedCopy(url)).titles === "");
  expect(owner.titles).toBe("");
});

test("CLIENT-FR-111: the tab of a user who has signed out stores nothing in the copy of the next one", async () => {
  const { proxy } = await startNetwork();
  const [client, another] = [newClient({ baseUrl: proxy.url }), newClient({ baseUrl: proxy.url })];
  await another.create({ title: "Another task" });
  await client.create({ title: "Own task" });
  const store = defaultStore();
  const behind = slowly(store);
  const late = new Device(client, { store: behind.store });
  await until(() => late.titles === "Own task" && behind.held.length > 0);
  const device = new Device(another, { store });
  await stores("Another task", proxy.url);
  await behind.release();
  expect([device.titles, (await storedCopy(proxy.url)).titles]).toEqual(["Another task", "Another task"]);
});

const failing = () => Promise.reject(new Error("The disk is full."));

test("CLIENT-FR-108: a page that opens shows the stored tasks with the pending edits from the first", async () => {
  const { client, store, tasks, goOffline } = await closedDevice({ titles: ["Buy milk"] });
  goOffline();
  const killed = new Device(client, { store });
  await killed.shows("Buy milk");
  await killed.tasks.update(tasks[0]!.uid, (draft) => {
    draft.title = "Buy oat milk";
  }).isPersisted.promise;
  await killed.kill();
  const read: DeviceStore["read"] = async (prefix) => {
    if (!isOfTasks(prefix)) await new Promise((resolve) => setTimeout(resolve, 100));
    return store.read(prefix);
  };
  const device = new Device(client, { store: { ...store, read } });
  const shown: string[] = [];
  device.tasks.subscribeChanges((changes) => shown.push(...changes.map(({ value }) => value.title)));
  await device.shows("Buy oat milk");
  expect(shown).toEqual(["Buy oat milk"]);
});

const isOfTasks = (key: string) => key.startsWith("task-api:tasks:");

/** A store that has another way to read tasks than edits. */
function readingTasks(act: () => Promise<never>, store = memoryStore()): DeviceStore {
  return { ...store, read: (prefix) => (isOfTasks(prefix) ? act() : store.read(prefix)) };
}

/** A store that has another way to write tasks than edits. */
function writingTasks(act: () => Promise<never>, store = memoryStore()): DeviceStore {
  return { ...store, writeIf: (...write) => (isOfTasks(write[0].key) ? act() : store.writeIf!(...write)) };
}

test.each<[string, DeviceStore]>([
  ["cannot be read", { ...memoryStore(), read: failing }],
  ["does not respond", { read: never, write: never, writeIf: never }],
  ["does not return tasks", readingTasks(never)],
  ["cannot be written", writingTasks(failing)],
  ["never completes a write", writingTasks(never)],
  ["stores edits only", (({ read, write }) => ({ read, write }))(memoryStore())],
])("CLIENT-FR-112: with a store that %s, the tasks are loaded, and no error is reported", async (_, store) => {
  const client = newClient();
  await client.create({ title: "Buy milk" });
  const device = new Device(client, { store });
  await device.shows("Buy milk");
  await until(() => device.tasks.utils.state().connection === "live");
  await client.create({ title: "Bake bread" });
  await device.shows("Bake bread", "Buy milk");
  expect(device.tasks.utils.state()).toEqual({ connection: "live", pending: 0, error: undefined });
  device.tasks.insert({ title: "Take out the trash" });
  await haveConverged(client, device);
});

test("CLIENT-FR-112: where there is no IndexedDB, the tasks are loaded", async () => {
  vi.stubGlobal("indexedDB", undefined);
  const client = newClient();
  await client.create({ title: "Buy milk" });
  const device = new Device(client, { store: undefined });
  await device.shows("Buy milk");
  device.tasks.insert({ title: "Bake bread" });
  await haveConverged(client, device);
});

test("CLIENT-FR-112: when the disk is full, the stored tasks are removed, and all are stored when it has space again", async () => {
  const { client, store, tasks, url } = await closedDevice({ titles: ["Buy milk", "Bake bread"] });
  let isFull = true;
  const isTask = (value: unknown) => Boolean((value as Task | undefined)?.title);
  const writeIf = (...write: Write) => (isFull && Object.values(write[1]).some(isTask) ? failing() : store.writeIf!(...write));
  const device = new Device(client, { store: { ...store, writeIf } });
  await device.shows("Bake bread", "Buy milk");
  device.tasks.update(tasks[0]!.uid, (draft) => {
    draft.title = "Buy oat milk";
  });
  await haveConverged(client, device);
  expect(await storedCopy(url)).toMatchObject({ since: "", tasks: [] });
  isFull = false;
  await stores("Bake bread,Buy oat milk", url);
});

test("CLIENT-FR-112: tasks that a full disk does not store are stored when it has space again", async () => {
  const { proxy } = await startNetwork();
  const client = newClient({ baseUrl: proxy.url });
  await client.create({ title: "Buy milk" });
  const store = memoryStore();
  let isFull = true;
  const writeIf = (...write: Write) => (isFull ? failing() : store.writeIf!(...write));
  const device = new Device(client, { store: { ...store, writeIf } });
  await device.shows("Buy milk");
  device.tasks.insert({ title: "Bake bread" });
  await haveConverged(client, device);
  expect(await storedCopy(proxy.url, store)).toMatchObject({ since: undefined, tasks: [] });
  isFull = false;
  await stores("Bake bread,Buy milk", proxy.url, store);
  expect(device.tasks.utils.state().error).toBeUndefined();
});

test("CLIENT-FR-113: the copy of another format is dropped, and the edits stay", async () => {
  const { client, user, url, tasks, goOffline, goOnline } = await closedDevice({ titles: ["Buy milk"] });
  goOffline();
  const killed = new Device(client, { store: undefined });
  await killed.tasks.insert({ title: "Bake bread" }).isPersisted.promise;
  await killed.kill();
  await defaultStore().write({ [prefixOf(url)]: { format: FORMAT - 1, user, since: `${tasks[0]!.revision}` } });
  const device = new Device(client, { store: undefined });
  await until(async () => (await storedCopy(url)).since === "");
  await device.shows("Bake bread");
  expect((await storedCopy(url)).tasks).toEqual([]);
  goOnline();
  await haveConverged(client, device);
  await stores("Bake bread,Buy milk", url);
});

test("CLIENT-FR-113: the members of a task and the format change together", () => {
  const contract = JSON.parse(readFileSync("../../specs/001-tasks/contracts/openapi.json", "utf8"));
  const members = Object.keys(contract.components.schemas.Task.properties).sort().join(" ");
  expect({ format: FORMAT, members }).toEqual({
    format: 1,
    members: "category completed completed_at created_at deleted_at description due_date id priority recurrence recurrence_from recurrence_tz revision tags title uid updated_at user_id",
  });
});

test("CLIENT-FR-114: an edit that the server has is shown by a page that opens offline before its change has arrived", async () => {
  const { proxy, client, tasks, goOffline, loads } = await closedDevice({ titles: ["Buy milk", "Bake bread"] });
  const first = new Device(client, { store: undefined });
  await first.shows("Bake bread", "Buy milk");
  await until(() => first.tasks.utils.state().connection === "live");
  proxy.faultOf = (line) => (line.includes("/events") || line.includes("/changes") ? "drop" : "pass");
  proxy.cut();
  first.tasks.update(tasks[0]!.uid, (draft) => {
    draft.title = "Buy oat milk";
  });
  first.tasks.delete(tasks[1]!.uid);
  first.tasks.insert({ title: "Take out the trash" });
  await first.isSynced();
  await first.kill();
  goOffline();
  const device = new Device(client, { store: undefined });
  await device.shows("Buy oat milk", "Take out the trash");
  expect([device.pending, loads().length > 0]).toEqual([0, true]);
});

test("CLIENT-FR-111: the end of a session leaves the tasks of another user, who has signed in meanwhile", async () => {
  const { user, store, url } = await closedDevice({ titles: ["Buy milk"] });
  let isSignedIn = true;
  const client = newClient({ baseUrl: url, getToken: () => (isSignedIn ? mint(user) : null) });
  const device = new Device(client, { store });
  await device.shows("Buy milk");
  isSignedIn = false;
  const next = newClient({ baseUrl: url });
  await next.create({ title: "Another task" });
  new Device(next, { store });
  await stores("Another task", url, store);
  client.clearToken();
  await next.create({ title: "Bake bread" });
  await stores("Another task,Bake bread", url, store);
});

test("CLIENT-FR-112: where the tasks take the space of an edit, they are removed, and the edit is stored", async () => {
  const store = memoryStore();
  const { client, url, goOffline } = await closedDevice({ titles: ["Buy milk"], store });
  goOffline();
  const write = async (values: Record<string, unknown>) => {
    if ((await storedCopy(url, store)).since) throw new Error("The disk is full.");
    await store.write(values);
  };
  const device = new Device(client, { store: { ...store, write } });
  await device.shows("Buy milk");
  await device.tasks.insert({ title: "Bake bread" }).isPersisted.promise;
  expect(await store.read("task-api:edits:")).toHaveLength(1);
  expect(device.titles).toBe("Bake bread,Buy milk");
});

test("CLIENT-FR-109: if an edit shows that the database was restored, the next page loads all tasks and sends it", async () => {
  const { client, store, tasks, url } = await closedDevice({ titles: ["Buy milk"] });
  const [task] = tasks as [Task];
  await store.write({ [prefixOf(url) + task.uid]: { ...task, revision: task.revision + 1_000 } });
  const device = new Device(client, { store });
  await device.shows("Buy milk");
  device.tasks.update(task.uid, (draft) => {
    draft.title = "Buy oat milk";
  });
  await until(() => device.tasks.utils.state().error instanceof ProblemError);
  expect((await storedCopy(url, store)).since).toBe("");
  await device.kill();
  const next = new Device(client, { store });
  await haveConverged(client, next);
  expect(next.titles).toBe("Buy oat milk");
});
