import "fake-indexeddb/auto";
import { beforeEach, expect, test, vi } from "vitest";
import { defaultStore, memoryStore } from "../src/device-store.js";
import { SignedOutError } from "../src/index.js";
import { mint, newClient, newUser, until } from "./support/api.js";
import { Device, haveConverged } from "./support/device.js";
import { startNetwork } from "./support/network.js";

beforeEach(() => {
  vi.unstubAllGlobals();
});

test("CLIENT-FR-070: a collection has the tasks, is ready, and follows their changes", async () => {
  const client = newClient();
  const bread = await client.create({ title: "Bake bread" });
  const trash = await client.create({ title: "Take out the trash" });
  await client.delete(trash.id);
  const device = new Device(client);
  await device.tasks.preload();
  expect(device.titles).toBe("Bake bread");
  await client.create({ title: "Buy milk" });
  await client.update(bread.id, { title: "Bake a cake" });
  await device.shows("Bake a cake", "Buy milk");
  await client.delete(bread.id);
  await device.shows("Buy milk");
  expect(device.tasks.get(device.find("Buy milk").uid)).toMatchObject({ title: "Buy milk", deleted_at: null });
});

test("CLIENT-FR-070: a collection is ready when all pages of the first load are there", async () => {
  const client = newClient();
  for (let page = 0; page < 3; page++) {
    const operations = Array.from({ length: 400 }, (_, number) => ({ op: "create" as const, task: { title: `${number}` } }));
    await client.bulk({ operations });
  }
  const device = new Device(client);
  await device.tasks.preload();
  expect(device.tasks.size).toBe(1_200);
});

test("CLIENT-FR-070: many changes at the same time are shown together", async () => {
  const client = newClient();
  const device = new Device(client);
  await device.tasks.preload();
  await until(() => device.tasks.utils.state().connection === "live");
  let showings = 0;
  device.tasks.subscribeChanges(() => showings++);
  await client.bulk({ operations: Array.from({ length: 500 }, () => ({ op: "create", task: { title: "Buy milk" } })) });
  await until(() => device.tasks.size === 500);
  console.log(`500 changes are shown in ${showings} steps`);
  expect(showings).toBeLessThan(100);
});

test("CLIENT-FR-071: edits are shown at once and sent", async () => {
  const client = newClient();
  const device = new Device(client);
  device.tasks.insert({ title: "Buy milk", due_date: "2026-12-01" });
  const { uid } = device.find("Buy milk");
  await haveConverged(client, device);
  expect(device.find("Buy milk")).toMatchObject({ uid, due_date: "2026-12-01", priority: "medium" });
  device.tasks.update(uid, (draft) => {
    draft.title = "Buy oat milk";
    draft.completed = true;
    draft.tags = ["home"];
  });
  expect(device.find("Buy oat milk").completed).toBe(true);
  await haveConverged(client, device);
  expect(await client.get(`uid:${uid}`)).toMatchObject({ title: "Buy oat milk", completed: true, tags: ["home"] });
  device.tasks.delete(uid);
  expect(device.titles).toBe("");
  await haveConverged(client, device);
  expect((await client.get(`uid:${uid}`).catch((error) => error)).status).toBe(404);
});

test("CLIENT-FR-071: a row never disappears or returns to an older value while its edit is sent", async () => {
  const client = newClient();
  const device = new Device(client);
  await device.tasks.preload();
  const seen: string[] = [];
  device.tasks.subscribeChanges((changes) => {
    for (const { type, value } of changes) seen.push(type === "delete" ? "-" : value.title);
  });
  device.tasks.insert({ title: "a" });
  const { uid } = device.find("a");
  for (const title of ["b", "c", "d", "e"]) {
    device.tasks.update(uid, (draft) => {
      draft.title = title;
    });
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  await haveConverged(client, device);
  expect([...seen].sort()).toEqual(seen);
  expect(seen.at(-1)).toBe("e");
});

test("CLIENT-FR-071: a response that is late does not replace a newer change", async () => {
  const { proxy, failWrites } = await startNetwork();
  const user = newUser();
  const online = newClient({ user });
  const { uid } = await online.create({ title: "Buy milk" });
  const device = new Device(newClient({ user, baseUrl: proxy.url }));
  await device.shows("Buy milk");
  failWrites("delay the body");
  device.tasks.update(uid, (draft) => {
    draft.title = "Buy oat milk";
  });
  await until(async () => (await online.get(`uid:${uid}`)).title === "Buy oat milk");
  await online.update(`uid:${uid}`, { title: "Buy soy milk" });
  await haveConverged(online, device);
  await until(() => proxy.pending() === 1); // the stream
  expect(device.titles).toBe("Buy soy milk");
});

test("CLIENT-FR-072: an edit is stored before it is sent, and then its transaction is complete", async () => {
  const { proxy, goOffline, goOnline, writes } = await startNetwork();
  const user = newUser();
  const client = newClient({ user, baseUrl: proxy.url });
  const device = new Device(client, { store: defaultStore() });
  await device.tasks.preload();
  goOffline();
  const transaction = device.tasks.insert({ title: "Buy milk" });
  await transaction.isPersisted.promise;
  const prefix = `task-api:edits:${encodeURIComponent(proxy.url)}:${user}:`;
  const edits = await defaultStore().read(prefix);
  expect(edits).toMatchObject([{ op: "create", task: { title: "Buy milk" } }]);
  goOnline();
  await haveConverged(client, device);
  expect(await defaultStore().read(prefix)).toEqual([]);
  expect(writes()).toBeGreaterThan(0);
});

test("CLIENT-FR-072: while an edit cannot be stored, it is shown, and neither complete nor sent", async () => {
  const { proxy, writes } = await startNetwork();
  const memory = memoryStore();
  let finishStoring = () => {};
  const storing = new Promise<void>((resolve) => {
    finishStoring = resolve;
  });
  const store = { ...memory, write: (values: Record<string, unknown>) => storing.then(() => memory.write(values)) };
  const client = newClient({ baseUrl: proxy.url });
  const device = new Device(client, { store });
  await device.tasks.preload();
  const transaction = device.tasks.insert({ title: "Buy milk" });
  await client.list(); // the time in which it could be sent
  expect([device.titles, transaction.state, writes()]).toEqual(["Buy milk", "persisting", 0]);
  finishStoring();
  await haveConverged(client, device);
  expect([transaction.state, writes()]).toEqual(["completed", 1]);
});

test("CLIENT-FR-105: edits that a full disk does not store are kept in memory and sent, and the error is reported", async () => {
  const { proxy, goOffline, goOnline } = await startNetwork();
  const client = newClient({ baseUrl: proxy.url });
  const { uid } = await client.create({ title: "Buy milk" });
  const memory = memoryStore();
  let isFull = false;
  const write = async (values: Record<string, unknown>) => {
    if (isFull) throw new Error("The disk is full.");
    await memory.write(values);
  };
  const device = new Device(client, { store: { ...memory, write } });
  await device.shows("Buy milk");
  goOffline();
  const rename = (title: string) =>
    device.tasks.update(uid, (draft) => {
      draft.title = title;
    }).isPersisted.promise;
  await rename("Buy oat milk");
  isFull = true;
  await rename("Buy soy milk");
  await device.tasks.insert({ title: "Bake bread" }).isPersisted.promise;
  expect([device.titles, device.pending]).toEqual(["Bake bread,Buy soy milk", 3]);
  expect(device.tasks.utils.state().error).toEqual(new Error("The disk is full."));
  goOnline();
  await haveConverged(client, device);
  await until(() => device.tasks.utils.state().error === undefined);
  expect(device.titles).toBe("Bake bread,Buy soy milk");
  isFull = false;
  await device.tasks.insert({ title: "Take out the trash" }).isPersisted.promise;
  await haveConverged(client, device);
  expect([await memory.read("task-api:edits:"), device.conflicts]).toEqual([[], []]);
});

test("CLIENT-FR-105: edits that were not stored are stored when the disk has space again", async () => {
  const { proxy, goOffline } = await startNetwork();
  const memory = memoryStore();
  let isFull = true;
  const write = async (values: Record<string, unknown>) => {
    if (isFull) throw new Error("The disk is full.");
    await memory.write(values);
  };
  const device = new Device(newClient({ baseUrl: proxy.url }), { store: { ...memory, write } });
  await device.tasks.preload();
  goOffline();
  await device.tasks.insert({ title: "Buy milk" }).isPersisted.promise;
  isFull = false;
  await device.tasks.insert({ title: "Bake bread" }).isPersisted.promise;
  const edits = () => memory.read("task-api:edits:");
  await until(async () => (await edits()).length === 3);
  expect(await edits()).toMatchObject([
    { task: { title: "Buy milk" } },
    { task: { title: "Bake bread" } },
    { key: expect.any(String) },
  ]);
});

test("CLIENT-FR-105: edits are stored although the device was too slow at first", async () => {
  const { proxy, goOffline } = await startNetwork();
  const memory = memoryStore();
  const read = vi.fn(memory.read).mockRejectedValueOnce(new Error("Too slow."));
  const device = new Device(newClient({ baseUrl: proxy.url }), { store: { read, write: memory.write } });
  await device.tasks.preload();
  goOffline();
  await device.tasks.insert({ title: "Buy milk" }).isPersisted.promise;
  expect(await memory.read("task-api:edits:")).toHaveLength(1);
});

test("CLIENT-FR-105: where IndexedDB is blocked, edits are kept in memory and sent, and the error is reported", async () => {
  const open = () => {
    throw new DOMException("The operation is insecure.", "SecurityError");
  };
  vi.stubGlobal("indexedDB", { open });
  const { proxy, failWrites, goOnline } = await startNetwork();
  const client = newClient({ baseUrl: proxy.url });
  const device = new Device(client, { store: undefined });
  await device.tasks.preload();
  failWrites("drop");
  await device.tasks.insert({ title: "Buy milk" }).isPersisted.promise;
  expect(device.tasks.utils.state()).toMatchObject({ pending: 1, error: { name: "SecurityError" } });
  goOnline();
  await haveConverged(client, device);
  expect(device.titles).toBe("Buy milk");
});

test("CLIENT-FR-072: edits are sent in their order, one request at a time", async () => {
  const client = newClient();
  const device = new Device(client);
  await device.tasks.preload();
  device.tasks.insert({ title: "0" });
  const { uid } = device.find("0");
  for (let number = 1; number <= 20; number++) {
    device.tasks.update(uid, (draft) => {
      draft.title = `${number}`;
    });
  }
  await haveConverged(client, device);
  expect(device.titles).toBe("20");
  expect(device.conflicts).toEqual([]);
});

test.each([
  ["the network fails", "drop"],
  ["the server is unavailable", { status: 503, headers: { "Retry-After": "1" } }],
  ["the server fails", { status: 500 }],
  ["there are too many requests", { status: 429, headers: { "Retry-After": "1" } }],
] as const)("CLIENT-FR-073: if %s, edits wait and are sent later", async (_, fault) => {
  const { proxy, failWrites, goOnline } = await startNetwork();
  const client = newClient({ baseUrl: proxy.url });
  const device = new Device(client);
  await device.tasks.preload();
  failWrites(fault);
  device.tasks.insert({ title: "Buy milk" });
  device.tasks.insert({ title: "Bake bread" });
  await until(() => device.tasks.utils.state().error !== undefined, 20);
  expect(device.pending).toBe(2);
  expect(device.titles).toBe("Bake bread,Buy milk");
  goOnline();
  await haveConverged(client, device);
  expect(device.titles).toBe("Bake bread,Buy milk");
  expect(device.rejections).toEqual([]);
});

test("CLIENT-FR-073: while signed out, edits wait for the session", async () => {
  const { proxy, goOnline } = await startNetwork();
  const user = newUser();
  let isSignedIn = true;
  const client = newClient({ baseUrl: proxy.url, getToken: () => (isSignedIn ? mint(user, 2) : null) });
  const device = new Device(client);
  await device.tasks.preload();
  isSignedIn = false;
  device.tasks.insert({ title: "Buy milk" });
  await until(() => device.tasks.utils.state().error instanceof SignedOutError);
  isSignedIn = true;
  goOnline();
  await device.isSynced();
  expect((await newClient({ user }).list()).tasks.map(({ title }) => title)).toEqual(["Buy milk"]);
});

test("CLIENT-FR-074: the edits of a page that was killed are shown and sent by the next one", async () => {
  const { proxy, failWrites, goOffline, goOnline } = await startNetwork();
  const client = newClient({ baseUrl: proxy.url });
  const bread = await client.create({ title: "Bake bread" });
  const options = { store: memoryStore() };
  const killed = new Device(client, options);
  await killed.tasks.preload();
  goOffline();
  killed.tasks.insert({ title: "Buy milk" });
  await killed.tasks.update(bread.uid, (draft) => {
    draft.title = "Bake a cake";
  }).isPersisted.promise;
  await killed.kill();
  goOnline();
  failWrites("drop");
  const device = new Device(client, options);
  await device.shows("Bake a cake", "Buy milk");
  goOnline();
  await haveConverged(client, device);
  expect(device.titles).toBe("Bake a cake,Buy milk");
});

test("CLIENT-FR-074: an edit whose response was lost with its page takes effect once", async () => {
  const { proxy, failWrites, goOnline } = await startNetwork();
  const user = newUser();
  const [client, online] = [newClient({ user, baseUrl: proxy.url }), newClient({ user })];
  const { uid } = await online.create({ title: "Buy milk" });
  const options = { store: memoryStore() };
  const killed = new Device(client, options);
  await killed.shows("Buy milk");
  failWrites("lose the response");
  killed.tasks.insert({ title: "Bake bread" });
  killed.tasks.update(uid, (draft) => {
    draft.title = "Buy oat milk";
  });
  await until(async () => (await online.get(`uid:${uid}`)).title === "Buy oat milk");
  await killed.kill();
  await online.update(`uid:${uid}`, { title: "Buy milk" }); // back to what it was before the edit
  goOnline();
  const device = new Device(client, options);
  await haveConverged(online, device);
  expect(device.titles).toBe("Bake bread,Buy milk");
});
