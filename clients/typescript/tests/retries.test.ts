import { expect, test } from "vitest";
import { NetworkError, ProblemError } from "../src/index.js";
import { newClient, newUser } from "./support/api.js";
import { speedUp } from "./support/clock.js";
import { startProxy } from "./support/proxy.js";

async function throughProxy() {
  const proxy = await startProxy();
  const user = newUser();
  return { proxy, client: newClient({ user, baseUrl: proxy.url }), direct: newClient({ user }) };
}

const keys = ({ requests }: Awaited<ReturnType<typeof startProxy>>) =>
  requests.map(({ headers }) => headers["idempotency-key"]);

test("CLIENT-FR-020: a task whose response is lost is created once", async () => {
  const { proxy, client, direct } = await throughProxy();
  proxy.faults.push("lose the response");
  const task = await client.create({ title: "Buy milk" });
  expect((await direct.list()).tasks.map(({ id }) => id)).toEqual([task.id]);
  expect(new Set(keys(proxy)).size).toBe(1);
  await client.create({ title: "Buy milk" });
  expect(new Set(keys(proxy)).size).toBe(2);
});

test("CLIENT-FR-020: the application may choose the key", async () => {
  const { client } = await throughProxy();
  const [first, again] = [
    await client.create({ title: "Buy milk" }, { idempotencyKey: "one" }),
    await client.create({ title: "Buy milk" }, { idempotencyKey: "one" }),
  ];
  expect(again).toEqual(first);
});

for (const status of [429, 502, 503, 504]) {
  test(`CLIENT-FR-021: a response with ${status} is retried`, async () => {
    const { proxy, client } = await throughProxy();
    proxy.faults.push({ status }, "drop");
    expect((await client.create({ title: "Buy milk" })).title).toBe("Buy milk");
    expect(proxy.requests.length).toBe(3);
  });
}

test("CLIENT-FR-021: a retry waits as long as the server demands", async () => {
  const { proxy, client } = await throughProxy();
  proxy.faults.push({ status: 429, headers: { "Retry-After": "2" } });
  const started = performance.now();
  await client.list();
  expect(performance.now() - started).toBeGreaterThanOrEqual(2_000);
});

test("CLIENT-FR-021: a request in progress is awaited", async () => {
  const { proxy, client } = await throughProxy();
  proxy.faults.push({ status: 409, headers: { "Retry-After": "1" } });
  expect((await client.create({ title: "Buy milk" })).title).toBe("Buy milk");
});

test("CLIENT-FR-021: four attempts fail", async () => {
  const { proxy, client } = await throughProxy();
  proxy.faults.push("drop", "drop", "drop", "drop");
  await expect(client.list()).rejects.toThrow(NetworkError);
  expect(proxy.requests.length).toBe(4);
});

const refusals = [{ status: 500 }, { status: 409 }, { status: 403 }, { status: 503, headers: { "Retry-After": "31" } }];
for (const refusal of refusals) {
  test(`CLIENT-FR-022: a response as ${JSON.stringify(refusal)} is not retried`, async () => {
    const { proxy, client } = await throughProxy();
    proxy.faults.push(refusal);
    await expect(client.create({ title: "Buy milk" })).rejects.toThrow(ProblemError);
    expect(proxy.requests.length).toBe(1);
  });
}

test("CLIENT-FR-022: a toggle whose response is lost is not repeated, because that would undo it", async () => {
  const { proxy, client, direct } = await throughProxy();
  const { id } = await direct.create({ title: "Buy milk" });
  proxy.faults.push("lose the response");
  const toggle = client.api.PATCH("/tasks/{task_id}/complete", { params: { path: { task_id: id } } });
  await expect(toggle).rejects.toThrow(NetworkError);
  expect((await direct.get(id)).completed).toBe(true);
});

test("CLIENT-FR-023: a completion, a change and a deletion whose response is lost succeed", async () => {
  const { proxy, client, direct } = await throughProxy();
  const { id } = await direct.create({ title: "Buy milk" });
  proxy.faults.push("lose the response", "pass", "lose the response", "pass", "lose the response", "pass");
  expect((await client.complete(id)).completed).toBe(true);
  expect((await client.update(id, { title: "Buy oat milk" })).title).toBe("Buy oat milk");
  await client.delete(id, { permanent: true });
  expect((await direct.list()).count).toBe(0);
  await expect(client.delete(id)).rejects.toThrow("Task not found.");
});

for (const fault of ["cut the body", "stall the body"] as const) {
  test(`CLIENT-FR-024: a response is lost if its body does not arrive: ${fault}`, async () => {
    speedUp(20);
    const { proxy, client, direct } = await throughProxy();
    proxy.faults.push(fault);
    const { id } = await client.create({ title: "Buy milk" });
    expect((await direct.list()).tasks.map((task) => task.id)).toEqual([id]);
    expect(proxy.requests.length).toBe(2);
  });
}
