import { expect, test } from "vitest";
import type { Edit } from "../src/edits.js";
import { settle } from "../src/settle.js";
import type { OperationResult, Task } from "../src/types.js";

const TASK = { id: 1, uid: "0192d3e4-0000-7000-8000-000000000000", title: "Buy milk", revision: 7, deleted_at: null } as Task;
const DELETION: Edit = { id: "1", uid: TASK.uid, op: "delete", at: "2026-12-01T09:00:00Z", revision: 7 };

test.each([422, 429, 503])("CLIENT-FR-077: a deletion that fails with %i leaves the task", (status) => {
  const result: OperationResult = { index: 0, status, task: null, problem: null } as OperationResult;
  expect(settle([DELETION], ["1"], [result], new Map([[TASK.uid, TASK]])).tasks).toEqual([]);
});

test.each([200, 404])("CLIENT-FR-078: after a deletion with %i the task is deleted", (status) => {
  const result: OperationResult = { index: 0, status, task: null, problem: null } as OperationResult;
  expect(settle([DELETION], ["1"], [result], new Map([[TASK.uid, TASK]])).tasks).toMatchObject([{ deleted_at: DELETION.at }]);
});
