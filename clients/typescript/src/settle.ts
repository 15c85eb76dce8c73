import { type Edit, followEdit, type TaskChanges, valuesOf, writableOf } from "./edits.js";
import { isProblem, ProblemError } from "./errors.js";
import type { OperationResult, Task } from "./types.js";

interface Settled {
  /** The edits that change, by their ids; undefined for those that have ended. */
  changed: Record<string, Edit | undefined>;
  /** The tasks as the server has them now. */
  tasks: Task[];
  /** The edits that have succeeded, with what the server has made of them. */
  done: [Edit, Task][];
  rejected: [ProblemError, Edit][];
  /** The reason to retry later, if the server cannot serve an edit now. */
  failure: ProblemError | undefined;
}

/** The server's tasks as they were known before the request, by their uids. */
export type KnownTasks = ReadonlyMap<string, Task | undefined>;

/** Return what the results of a request mean for the edits in it, and for later edits of the same tasks. */
export function settle(
  edits: Edit[],
  ids: string[],
  results: OperationResult[],
  before: KnownTasks,
): Settled {
  const settled: Settled = { changed: {}, tasks: [], done: [], rejected: [], failure: undefined };
  for (const edit of edits.filter(({ id }) => ids.includes(id))) {
    const result = results[ids.indexOf(edit.id)];
    const later = edits.filter(({ id, uid }) => uid === edit.uid && id > edit.id);
    if (result) settleOne(edit, later, result, before.get(edit.uid), settled);
  }
  return settled;
}

function settleOne(edit: Edit, later: Edit[], result: OperationResult, known: Task | undefined, settled: Settled): void {
  const error = new ProblemError(result.status, result.problem ?? undefined, undefined);
  const [task, ...others] = tasksOf(edit, result, error, known);
  if (task) settled.tasks.push(task, ...others);
  // A revision below that of the edit is from a database that was restored: the tasks are out of date until all are loaded.
  const isOutdated = task !== undefined && "revision" in edit && task.revision < (edit.revision ?? 0);
  if (error.status === 412 && !isOutdated) return;
  if (error.status === 412 || error.status === 429 || error.status >= 500) {
    settled.failure = error;
    return;
  }
  settled.changed[edit.id] = correctCreation(edit, error, task);
  if (settled.changed[edit.id]) return;
  const isDone = error.status < 300 || isProblem(error, "task-exists") || (edit.op === "delete" && error.status === 404);
  if (!isDone) settled.rejected.push([error, edit]);
  else if (task) settled.done.push([edit, task]);
  for (const next of later) {
    const isLost = !isDone && edit.op !== "update";
    const outcome = (isDone ? task : edit.op === "update" && edit.original) || {};
    settled.changed[next.id] = isLost ? undefined : followEdit(next, seenAfter(edit, known), outcome);
  }
}

/** Return what the user has seen after an edit: also members that the server changes with it, if nobody else did. */
function seenAfter(edit: Edit, known: Task | undefined): TaskChanges {
  const isBase = known !== undefined && "revision" in edit && edit.revision === known.revision;
  return { ...(isBase ? writableOf(known) : {}), ...valuesOf(edit) };
}

/** Return what to send instead of a creation that is refused for its time, or because the task is in the trash. */
function correctCreation(edit: Edit, error: ProblemError, task: Task | undefined): Edit | undefined {
  if (edit.op !== "create") return undefined;
  if (!edit.omitsCreatedAt && refusesCreatedAt(error)) return { ...edit, omitsCreatedAt: true };
  return task && task.deleted_at !== null ? { ...edit, op: "restore" } : undefined;
}

/** Whether the server refuses a creation because of its time. */
function refusesCreatedAt(error: ProblemError): boolean {
  return isProblem(error, "invalid-request") && error.problem.errors.some(({ field }) => field.endsWith(".created_at"));
}

/** Return the task as it is now, and the next task that its completion has created. */
function tasksOf(edit: Edit, { task }: OperationResult, error: ProblemError, known: Task | undefined): Task[] {
  const isConflict = isProblem(error, "task-changed") || isProblem(error, "task-exists");
  const current = isConflict ? error.problem.current : task;
  if (current) {
    const { next_task, ...row } = current;
    return next_task ? [row, next_task] : [row];
  }
  const isDeleted = edit.op === "delete" && (error.status < 300 || error.status === 404);
  return isDeleted && known ? [{ ...known, deleted_at: edit.at, revision: edit.revision }] : [];
}
