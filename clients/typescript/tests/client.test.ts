import { expect, test } from "vitest";
import { isProblem, ProblemError } from "../src/index.js";
import { newClient, newUser } from "./support/api.js";

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
});
