import { beforeEach, expect, test, vi } from "vitest";
import { type DeviceStore, memoryStore } from "../src/device-store.js";
import { isProblem, type Task } from "../src/index.js";
import { newClient, newUser, until } from "./support/api.js";
import { Device, haveConverged } from "./support/device.js";
import { startNetwork } from "./support/network.js";
import type { Fault } from "./support/proxy.js";
import type { TaskCollectionOptions } from "../src/tanstack-db.js";

beforeEach(() => {
  vi.unstubAllGlobals();
});

/** Start a device that is offline and has one task, and a client of the same user that is online. */
async function startOffline(options: TaskCollectionOptions = {}, { timeZone }: { timeZone?: string } = {}) {
  const network = await startNetwork();
  const user = newUser();
  const online = newClient({ user });
  const task: Task = await online.create({ title: "Buy milk" });
  const device = new Device(newClient({ user, baseUrl: network.proxy.url, timeZone }), options);
  await device.shows("Buy milk");
  network.goOffline();
  return { ...network, online, task, device };
}

test("CLIENT-FR-075: members that only the user has changed are merged into the task", async () => {
  const { device, task, online, goOnline } = await startOffline();
  device.tasks.update(task.uid, (draft) => {
    draft.title = "Buy oat milk";
  });
  await online.update(task.id, { priority: "high" });
  goOnline();
  await haveConverged(online, device);
  expect(device.find("Buy oat milk").priority).toBe("high");
  expect(device.conflicts).toEqual([]);
});

test("CLIENT-FR-075: of a member that both have changed, the server's value stays, and the conflict is reported", async () => {
  const { device, task, online, goOnline } = await startOffline();
  device.tasks.update(task.uid, (draft) => {
    draft.title = "Buy oat milk";
    draft.priority = "low";
  });
  await online.update(task.id, { title: "Buy soy milk" });
  goOnline();
  await haveConverged(online, device);
  expect(device.find("Buy soy milk").priority).toBe("low");
  expect(device.conflicts).toMatchObject([
    { task: { title: "Buy soy milk" }, changes: { title: "Buy oat milk" }, original: { title: "Buy milk" } },
  ]);
});

test("CLIENT-FR-075: what the application returns for a conflict is written", async () => {
  const { device, task, online, goOnline } = await startOffline({ onConflict: ({ changes }) => changes });
  device.tasks.update(task.uid, (draft) => {
    draft.title = "Buy oat milk";
  });
  await online.update(task.id, { title: "Buy soy milk" });
  goOnline();
  await haveConverged(online, device);
  expect(device.titles).toBe("Buy oat milk");
  expect(device.conflicts.length).toBe(1);
});

test("CLIENT-FR-075: of several edits in conflict, the last values are decided on, once", async () => {
  const { device, task, online, goOnline } = await startOffline();
  for (const title of ["Buy oat milk", "Buy rice milk", "Buy soy milk"]) {
    await device.tasks.update(task.uid, (draft) => {
      draft.title = title;
    }).isPersisted.promise;
  }
  device.tasks.update(task.uid, (draft) => {
    draft.priority = "low";
  });
  await online.update(task.id, { title: "Buy goat milk" });
  goOnline();
  await haveConverged(online, device);
  expect(device.find("Buy goat milk").priority).toBe("low");
  expect(device.conflicts).toMatchObject([{ changes: { title: "Buy soy milk" }, original: { title: "Buy milk" } }]);
});

test("CLIENT-FR-075: what the user has changed and changed back is no conflict, and the server's value stays", async () => {
  const { device, task, online, goOnline } = await startOffline({ onConflict: ({ changes }) => changes });
  for (const title of ["Buy oat milk", "Buy milk"]) {
    await device.tasks.update(task.uid, (draft) => {
      draft.title = title;
    }).isPersisted.promise;
  }
  await online.update(task.id, { title: "Buy soy milk" });
  goOnline();
  await haveConverged(online, device);
  expect(device.titles).toBe("Buy soy milk");
  expect(device.conflicts).toEqual([]);
});

test("CLIENT-FR-075: the same change by both is no conflict", async () => {
  const { device, task, online, goOnline } = await startOffline();
  device.tasks.update(task.uid, (draft) => {
    draft.completed = true;
    draft.tags = ["home"];
  });
  await online.update(task.id, { completed: true, tags: ["home"] });
  goOnline();
  await haveConverged(online, device);
  expect(device.conflicts).toEqual([]);
});

test("CLIENT-FR-075: a change between loading and sending is merged, too", async () => {
  const { device, task, online, proxy, goOnline } = await startOffline();
  const { uid } = task;
  device.tasks.update(uid, (draft) => {
    draft.title = "Buy oat milk";
  });
  goOnline();
  await device.isSynced();
  proxy.silence(); // the device hears of nothing
  await online.update(task.id, { priority: "high" });
  device.tasks.update(uid, (draft) => {
    draft.title = "Buy soy milk";
  });
  await device.isSynced();
  expect(await online.get(task.id)).toMatchObject({ title: "Buy soy milk", priority: "high" });
});

test("CLIENT-FR-106: if the application fails to decide on a conflict or to report a rejection, the edits are sent", async () => {
  const failures = vi.spyOn(console, "error").mockImplementation(() => {});
  const fail = () => {
    throw new Error("The application has a bug.");
  };
  const { device, task, online, goOnline } = await startOffline({ onConflict: fail, onRejected: fail });
  await device.tasks.update(task.uid, (draft) => {
    draft.title = "Buy oat milk";
  }).isPersisted.promise;
  device.tasks.insert({ title: "x".repeat(201) });
  device.tasks.insert({ title: "y".repeat(201) });
  device.tasks.insert({ title: "Bake bread" });
  await online.update(task.id, { title: "Buy soy milk" });
  goOnline();
  await haveConverged(online, device);
  await until(() => device.tasks.utils.state().error === undefined);
  expect(device.titles).toBe("Bake bread,Buy soy milk");
  expect(failures).toHaveBeenCalledTimes(3);
  failures.mockRestore();
});

test("CLIENT-FR-076: the user's own edits of a task are no conflicts, also if the server stores them differently", async () => {
  const { device, task, online, goOnline } = await startOffline();
  for (const title of [" Buy oat milk ", " Buy soy milk ", " Buy milk again "]) {
    await device.tasks.update(task.uid, (draft) => {
      draft.title = title;
      draft.due_date = "2026-12-01T09:00:00+00:00";
    }).isPersisted.promise;
  }
  device.tasks.insert({ title: " Bake bread " });
  device.tasks.update(device.find(" Bake bread ").uid, (draft) => {
    draft.title = "Bake a cake";
  });
  goOnline();
  await haveConverged(online, device);
  expect(device.titles).toBe("Bake a cake,Buy milk again");
  expect(device.conflicts).toEqual([]);
});

/** Return a store, and a function to call with what to do before the stored request of the next edits is deleted. */
function storeWithEnd(): { store: DeviceStore; beforeEnd: (act: () => void) => void } {
  const store = memoryStore();
  let next: (() => void) | undefined;
  const writeIf: DeviceStore["writeIf"] = async (condition, values, cleared) => {
    if (condition.key in values && values[condition.key] === undefined) {
      next?.();
      next = undefined;
    }
    await store.writeIf?.(condition, values, cleared);
  };
  return { store: { ...store, writeIf }, beforeEnd: (act) => (next = act) };
}

test("CLIENT-FR-076: an edit that the user makes while the one before it ends is no conflict, either", async () => {
  const { store, beforeEnd } = storeWithEnd();
  const { device, task, online, goOnline } = await startOffline({ store });
  beforeEnd(() => {
    expect(device.titles).toBe(" Buy oat milk ");
    device.tasks.update(task.uid, (draft) => {
      draft.title = "Buy soy milk";
    });
  });
  device.tasks.update(task.uid, (draft) => {
    draft.title = " Buy oat milk ";
  });
  goOnline();
  await haveConverged(online, device);
  expect(device.titles).toBe("Buy soy milk");
  expect(device.conflicts).toEqual([]);
});

test("CLIENT-FR-076: an edit of what is still shown while another edit is stored is no conflict, either", async () => {
  const { store, beforeEnd } = storeWithEnd();
  let release = () => {};
  let held = Promise.resolve();
  const write: DeviceStore["write"] = (values) => held.then(() => store.write(values));
  const { device, task, online, goOnline } = await startOffline({ store: { ...store, write } });
  await device.tasks.update(task.uid, (draft) => {
    draft.title = " Buy oat milk ";
  }).isPersisted.promise;
  beforeEnd(() => {
    held = new Promise((resolve) => (release = resolve));
    device.tasks.insert({ title: "Bake bread" });
  });
  goOnline();
  await until(() => device.pending === 0);
  expect(device.titles).toBe(" Buy oat milk ,Bake bread"); // TanStack DB shows nothing of the server meanwhile
  device.tasks.update(task.uid, (draft) => {
    draft.title = "Buy soy milk";
  });
  release();
  await haveConverged(online, device);
  expect(device.titles).toBe("Bake bread,Buy soy milk");
  expect(device.conflicts).toEqual([]);
});

test.each<Fault>(["pass", "delay the body"])("CLIENT-FR-076: what the server adds to an edit is no conflict with the user's next one (%s)", async (fault) => {
  const { device, task, online, goOnline, failWrites } = await startOffline({}, { timeZone: "Europe/Berlin" });
  await device.tasks.update(task.uid, (draft) => {
    draft.due_date = "2030-01-01T09:00:00Z";
    draft.recurrence = "FREQ=DAILY";
  }).isPersisted.promise;
  device.tasks.update(task.uid, (draft) => {
    draft.recurrence_tz = "Asia/Tokyo";
  });
  goOnline();
  failWrites(fault);
  await haveConverged(online, device);
  expect(device.conflicts).toEqual([]);
  expect(await online.get(task.id)).toMatchObject({ recurrence_tz: "Asia/Tokyo" });
});

test("CLIENT-FR-077: an edit that the server refuses is undone and reported, and the others are sent", async () => {
  const { device, task, online, goOnline } = await startOffline();
  const before = device.find("Buy milk");
  device.tasks.insert({ title: "Bake bread" });
  await device.tasks.update(task.uid, (draft) => {
    draft.title = "x".repeat(201);
  }).isPersisted.promise;
  await device.tasks.update(task.uid, (draft) => {
    draft.title = "Buy oat milk";
  }).isPersisted.promise;
  device.tasks.insert({ title: "" });
  device.tasks.insert({ title: "Take out the trash" });
  expect(before.title).toBe("Buy milk");
  goOnline();
  await haveConverged(online, device);
  expect(device.titles).toBe("Bake bread,Buy oat milk,Take out the trash");
  expect(device.rejections.map((error) => error.status)).toEqual([422, 422]);
  expect(device.conflicts).toEqual([]);
});

test("CLIENT-FR-077: an edit that the server refuses is reported, also if the device says too late that it has ended", async () => {
  const { store, beforeEnd } = storeWithEnd();
  let isLate = false;
  const writeIf: DeviceStore["writeIf"] = async (...write) => {
    await store.writeIf?.(...write);
    if (!isLate) return;
    isLate = false;
    throw new Error("Too late.");
  };
  const { device, task, online, goOnline } = await startOffline({ store: { ...store, writeIf } });
  beforeEnd(() => (isLate = true));
  device.tasks.update(task.uid, (draft) => {
    draft.title = "x".repeat(201);
  });
  goOnline();
  await haveConverged(online, device);
  expect(device.rejections.map(({ status }) => status)).toEqual([422]);
});

test("CLIENT-FR-077: an edit that the server refuses is reported, also if the device cannot be read at that moment", async () => {
  const { store, beforeEnd } = storeWithEnd();
  let reads = -1;
  const read: DeviceStore["read"] = (prefix) => (reads-- === 0 ? Promise.reject(new Error("Lost.")) : store.read(prefix));
  const { device, task, online, goOnline } = await startOffline({ store: { ...store, read } });
  beforeEnd(() => (reads = 0));
  device.tasks.update(task.uid, (draft) => {
    draft.title = "x".repeat(201);
  });
  goOnline();
  await haveConverged(online, device);
  expect(device.rejections.map(({ status }) => status)).toEqual([422]);
});

test("CLIENT-FR-077: with a task that the server refuses to create, its later edits end", async () => {
  const { device, online, goOnline } = await startOffline();
  await device.tasks.insert({ title: "x".repeat(201) }).isPersisted.promise;
  device.tasks.update(device.find("x".repeat(201)).uid, (draft) => {
    draft.priority = "high";
  });
  goOnline();
  await haveConverged(online, device);
  expect(device.titles).toBe("Buy milk");
  expect(device.rejections.length).toBe(1);
});

test("CLIENT-FR-077: a wrong clock does not cost a task", async () => {
  const { device, online, goOnline } = await startOffline();
  device.tasks.insert({ title: "Bake bread", created_at: "2099-01-01T00:00:00Z" });
  goOnline();
  await haveConverged(online, device);
  expect(device.titles).toBe("Bake bread,Buy milk");
});

test("CLIENT-FR-078: an edit of a task that was deleted is dropped and reported", async () => {
  const { device, task, online, goOnline } = await startOffline();
  device.tasks.update(task.uid, (draft) => {
    draft.title = "Buy oat milk";
  });
  await online.delete(task.id, { permanent: true });
  goOnline();
  await haveConverged(online, device);
  expect(device.titles).toBe("");
  expect(device.rejections.map((error) => isProblem(error, "task-not-found"))).toEqual([true]);
});

test("CLIENT-FR-078: a task that both delete is deleted", async () => {
  const { device, task, online, goOnline } = await startOffline();
  device.tasks.delete(task.uid);
  await online.delete(task.id, { permanent: true });
  goOnline();
  await haveConverged(online, device);
  expect(device.rejections).toEqual([]);
});

test("CLIENT-FR-078: a deletion wins over a change elsewhere, which the trash keeps", async () => {
  const { device, task, online, goOnline } = await startOffline();
  device.tasks.delete(task.uid);
  await online.update(task.id, { title: "Buy oat milk" });
  goOnline();
  await haveConverged(online, device);
  expect(device.titles).toBe("");
  expect((await online.restore(task.id)).title).toBe("Buy oat milk");
});

test("CLIENT-FR-079: a deleted row that is inserted again is restored", async () => {
  const { device, task, online, goOnline } = await startOffline();
  const row = device.find("Buy milk");
  await device.tasks.delete(task.uid).isPersisted.promise;
  device.tasks.insert(row);
  expect(device.titles).toBe("Buy milk");
  goOnline();
  await haveConverged(online, device);
  await online.delete(task.id);
  await device.shows();
  device.tasks.insert(row);
  await device.shows("Buy milk");
  await haveConverged(online, device);
  expect(device.find("Buy milk").id).toBe(task.id);
});

test("CLIENT-FR-079: a restored row has the server's values, so an edit of it can be in conflict with another user's", async () => {
  const { device, task, online, goOnline } = await startOffline();
  const row = device.find("Buy milk");
  device.tasks.delete(task.uid);
  await device.tasks.insert(row).isPersisted.promise;
  device.tasks.update(task.uid, (draft) => {
    draft.title = "Buy soy milk";
  });
  await online.update(task.id, { title: "Buy oat milk" });
  goOnline();
  await haveConverged(online, device);
  expect(device.titles).toBe("Buy oat milk");
  expect(device.conflicts).toMatchObject([{ changes: { title: "Buy soy milk" } }]);
});

test("CLIENT-FR-079: a new task that is deleted and inserted again, before the server has it, is not in the trash", async () => {
  const { device, online, goOnline } = await startOffline();
  device.tasks.insert({ title: "Bake bread" });
  const row = device.find("Bake bread");
  device.tasks.delete(row.uid);
  device.tasks.insert(row);
  await device.stored();
  goOnline();
  await haveConverged(online, device);
  expect(device.titles).toBe("Bake bread,Buy milk");
  expect((await online.get(`uid:${row.uid}`)).deleted_at).toBeNull();
});

test("CLIENT-FR-079: the completion of a recurring task can be undone", async () => {
  const client = newClient();
  const device = new Device(client);
  await device.tasks.preload();
  device.tasks.insert({ title: "Water plants", due_date: "2099-01-01", recurrence: "FREQ=DAILY" });
  const { uid } = device.find("Water plants");
  await haveConverged(client, device);
  device.tasks.update(uid, (draft) => {
    draft.completed = true;
  });
  await haveConverged(client, device);
  expect(device.titles).toBe("Water plants,Water plants");
  device.tasks.update(uid, (draft) => {
    draft.completed = false;
  });
  await haveConverged(client, device);
  await until(() => device.titles === "Water plants");
});
