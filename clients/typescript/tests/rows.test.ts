import { expect, test } from "vitest";
import { Rows } from "../src/rows.js";
import type { Task } from "../src/types.js";

test("CLIENT-FR-071: a task of a response stays although the sync token is that of a load that is not complete", () => {
  const task = { uid: "0192d3e4-0000-7000-8000-000000000000", title: "Buy milk", revision: 60, deleted_at: null } as Task;
  const rows = new Rows(() => {});
  rows.receive({ tasks: [], since: "55-66", reset: true, more: false });
  rows.write([task]);
  expect(rows.task(task.uid)).toBe(task);
});
