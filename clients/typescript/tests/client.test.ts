import { expect, onTestFinished, test, vi } from "vitest";
import { createTaskClient, isProblem, NetworkError, ProblemError, type TaskCreate } from "../src/index.js";
import { abortWith, wait } from "../src/wait.js";
import { mint, newClient, newUser, until } from "./support/api.js";
import { collectGarbage } from "./support/collect.js";
import { startProxy } from "./support/proxy.js";

test("CLIENT-FR-001: methods create, list, change and delete tasks", async () => {
  const client = newClient();
  const task = await client.create({ title: "Buy milk", tags: ["home"], priority: "high" });
  expect(await client.get(task.id)).toEqual(task);
  expect((await client.update(task.id, { title: "Buy oat milk" })).title).toBe("Buy oat milk");
  expect((await client.list({ priority: ["high", "urgent"], tag: ["home"], status: "pending" })).count).toBe(1);
  expect((await client.complete(task.id)).completed).toBe(true);
  expect((await client.complete(task.id, false)).completed).toBe(false);
  expect(await client.delete(task.id)).toBeUndefined();
  expect((await client.restore(task.id)).deleted_at).toBeNull();
  expect((await client.tags()).tags).toEqual([{ tag: "home", count: 1 }]);
  expect((await client.stats()).pending).toBe(1);
});

test("CLIENT-FR-001: the other methods reach their routes", async () => {
  const client = newClient({ timeZone: "Europe/Paris" });
  expect(await client.saveSettings({ time_zone: "Asia/Tokyo" })).toEqual(await client.settings());
  const task = await client.create({ title: "Water plants", due_date: "2026-12-01T09:00", recurrence: "FREQ=DAILY" });
  expect(task.due_date).toBe("2026-12-01T09:00:00+01:00");
  expect((await client.skip(task.id)).due_date).toBe("2026-12-02T09:00:00+01:00");
  const { results } = await client.bulk({ operations: [{ op: "delete", id: task.id, permanent: true }] });
  expect(results[0]?.status).toBe(204);
  expect((await client.changes()).tasks[0]?.deleted_at).not.toBeNull();
});

test("CLIENT-FR-002: a request needs only the members that have no default", async () => {
  const task: TaskCreate = { title: "Buy milk" };
  expect((await newClient().create(task)).priority).toBe("medium");
});

test("CLIENT-FR-003: the paths are those of the user, or those without a user id", async () => {
  const proxy = await startProxy();
  const user = newUser();
  await newClient({ user, userId: user, baseUrl: `${proxy.url}/` }).list();
  await newClient({ user, baseUrl: proxy.url }).list();
  expect(proxy.requests.map(({ line }) => line)).toEqual([`GET /api/${user}/tasks`, "GET /api/tasks"]);
  await expect(newClient({ userId: newUser() }).list()).rejects.toThrow("another user");
});

test("CLIENT-FR-004: a response without a body is no error, 304 neither", async () => {
  const { api, create } = newClient();
  const { id } = await create({ title: "Buy milk" });
  const ETag = (await api.GET("/tasks")).response.headers.get("ETag") ?? "";
  const unchanged = await api.GET("/tasks", { params: { header: { "If-None-Match": ETag } } });
  expect([unchanged.response.status, unchanged.data]).toEqual([304, undefined]);
  const deleted = await api.DELETE("/tasks/{task_id}", { params: { path: { task_id: id } } });
  expect([deleted.response.status, deleted.data]).toEqual([204, undefined]);
});

test("CLIENT-FR-005: an error has the sentence for users, and the members of its type", async () => {
  const client = newClient();
  const task = await client.create({ title: "Buy milk" });
  const conflict: unknown = await client.update(task.id, { title: "Buy oat milk" }, { revision: 0 }).catch((error) => error);
  expect(isProblem(conflict, "task-changed") && conflict.problem.current).toEqual(task);
  const invalid: unknown = await client.create({ title: "" }).catch((error) => error);
  expect(isProblem(invalid, "invalid-request") && invalid.problem.errors[0]?.field).toBe("title");
  const missing: unknown = await client.get(1e9).catch((error) => error);
  expect(isProblem(missing, "task-not-found") && [missing.message, missing.status]).toEqual(["Task not found.", 404]);
  expect(isProblem(missing, "task-changed")).toBe(false);
});

test("CLIENT-FR-005: an error that is no problem of the API has its status", async () => {
  const proxy = await startProxy();
  proxy.faults.push({ status: 418, headers: { "Content-Type": "text/html" }, body: "<h1>Teapot</h1>" });
  const error: ProblemError = await newClient({ baseUrl: proxy.url }).list().catch((each) => each);
  expect(error).toBeInstanceOf(ProblemError);
  expect([error.status, error.problem, error.message]).toEqual([418, undefined, "The server responded with status 418."]);
});

test("CLIENT-FR-006: a server that cannot be reached is a network error", async () => {
  const client = createTaskClient({ baseUrl: "http://127.0.0.1:9", getToken: () => mint("somebody") });
  const error: unknown = await client.list().catch((each) => each);
  expect(error).toBeInstanceOf(NetworkError);
  expect((error as Error).message).toBe("The server cannot be reached.");
});

test("CLIENT-FR-007: a signal cancels a call and its retries", async () => {
  const proxy = await startProxy();
  proxy.faults.push("stall", "drop", "drop", "drop");
  const client = newClient({ baseUrl: proxy.url });
  for (const _ of ["request", "retry"]) {
    const cancelling = new AbortController();
    const call = client.list({}, { signal: cancelling.signal });
    setTimeout(() => cancelling.abort(new Error("left the page")), 200);
    await expect(call).rejects.toThrow("left the page");
  }
  const { length } = proxy.requests;
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(proxy.requests.length).toBe(length);
});

test("CLIENT-FR-007: a signal cancels a call also after garbage is collected", async () => {
  const proxy = await startProxy();
  const client = newClient({ baseUrl: proxy.url });
  for (const fault of ["stall", "stall the body"] as const) {
    proxy.faults.push(fault);
    const cancelling = new AbortController();
    const cancelled = expect(client.list({}, { signal: cancelling.signal })).rejects.toThrow("left the page");
    await until(() => proxy.faults.length === 0);
    await collectGarbage();
    cancelling.abort(new Error("left the page"));
    await cancelled;
    await until(() => proxy.pending() === 0);
  }
});

/** A signal without what those of React Native lack: a reason, and options of listeners. */
class PlainSignal extends EventTarget {
  aborted = false;
  override addEventListener(type: string, listener: EventListener) {
    super.addEventListener(type, listener);
  }
}

/** The controller of such a signal, as in React Native. */
class PlainController {
  readonly signal = new PlainSignal();
  abort() {
    this.signal.aborted = true;
    this.signal.dispatchEvent(new Event("abort"));
  }
}

test("CLIENT-FR-061: the client runs where there is nothing but fetch", async () => {
  onTestFinished(() => void vi.unstubAllGlobals());
  const user = newUser();
  const token = mint(user);
  for (const name of ["crypto", "atob", "navigator", "addEventListener", "BroadcastChannel"]) {
    vi.stubGlobal(name, undefined);
  }
  const client = newClient({ getToken: () => token });
  const { id } = await client.create({ title: "Buy milk" });
  await client.create({ title: "Bake bread" });
  expect((await client.get(id)).title).toBe("Buy milk");
});

test("CLIENT-FR-061: signals without a reason and without options of listeners cancel, too", async () => {
  vi.stubGlobal("AbortController", PlainController);
  onTestFinished(() => void vi.unstubAllGlobals());
  const parent = new AbortController();
  const waiting = expect(wait(60_000, abortWith(parent.signal).signal)).rejects.toMatchObject({ name: "AbortError" });
  parent.abort();
  await waiting;
});
