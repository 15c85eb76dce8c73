import { callSafely } from "./callbacks.js";
import type { Bulk, Task, TaskUpdate } from "./types.js";

type Writable = Exclude<keyof TaskUpdate, "uid" | "tz">;
export type TaskChanges = { [Name in Writable]?: Task[Name] };
export type Operation = Bulk["operations"][number];

interface EditBase {
  uid: string;
  /** When it was made. */
  at: string;
}

/** `original` has the members as the user saw them, and `revision` is that of the task then. */
type NewUpdate = EditBase & { op: "update"; changes: TaskChanges; original: TaskChanges; revision: number };

/** `omitsCreatedAt` where the server refuses `created_at`, because the clock of the device is wrong. */
type NewInsertion = EditBase & { op: "create" | "restore"; task: Task; omitsCreatedAt?: true };

type NewDeletion = EditBase & { op: "delete"; revision: number };

/** A change of one task that the user has made, before it is stored. */
export type NewEdit = NewUpdate | NewInsertion | NewDeletion;

/** A change of one task that the user has made. Its id is a UUID of version 7: edits are sent in the order of their ids. */
export type Edit = NewEdit & { id: string };

export type Update = Extract<Edit, { op: "update" }>;

/** Members of a task that the user and somebody else have changed, to different values. */
export interface TaskConflict {
  /** The task as it is on the server. */
  task: Task;
  /** The values of the user. */
  changes: TaskChanges;
  /** The values that both have changed. */
  original: TaskChanges;
}

/** Returns the members to write nevertheless, such as `conflict.changes`; by default the server's values stay. */
export type OnConflict = (conflict: TaskConflict) => TaskChanges | undefined | void;

const WRITABLE: { [Name in Writable]: true } = {
  title: true,
  description: true,
  completed: true,
  priority: true,
  category: true,
  tags: true,
  due_date: true,
  recurrence: true,
  recurrence_from: true,
  recurrence_tz: true,
};

/** Return the members that can be written. */
export function writableOf(row: Partial<Task>): TaskChanges {
  return pick(row, (name) => name in WRITABLE);
}

/** Return the edit of a user who has changed members of a row; undefined if none of them can be written. */
export function updateOf(row: Task, changed: Partial<Task>, edit: EditBase): NewUpdate | undefined {
  const changes = writableOf(changed);
  if (isEmpty(changes)) return undefined;
  const original = pick(writableOf(row), (name) => name in changes);
  return { ...edit, op: "update", changes, original, revision: row.revision };
}

/** Return the row of a task after an edit; undefined if it is deleted, or not loaded. */
export function applyEdit(row: Task | undefined, edit: Edit): Task | undefined {
  if (edit.op === "delete") return undefined;
  if (edit.op !== "update") return row ?? edit.task;
  if (!row) return undefined;
  const { changes, at } = edit;
  const isToggled = changes.completed !== undefined && changes.completed !== row.completed;
  const completion = isToggled ? { completed_at: changes.completed ? at : null } : {};
  return { ...row, ...changes, ...completion, updated_at: at };
}

/** Return the members that the user and somebody else have changed, to different values. */
export function conflictingChanges({ changes, original }: Update, task: Task): TaskChanges {
  const isChanged = (name: string) => differs(changes, original, name); // and not changed back
  return pick(changes, (name) => isChanged(name) && differs(task, original, name) && differs(task, changes, name));
}

/** Return one update for several of a task. */
export function joinUpdates(updates: [Update, ...Update[]]): Update {
  return updates.reduce((joined, { at, changes, original }) => ({
    ...joined,
    at,
    changes: { ...joined.changes, ...changes },
    original: { ...original, ...joined.original },
  }));
}

/**
 * Merge an update into the task as it is now: keep what only the user has changed, let `onConflict` decide on what both
 * have changed, and leave out what the task has already. Undefined if nothing remains.
 */
export function mergeUpdate(edit: Update, task: Task, onConflict: OnConflict | undefined): Update | undefined {
  const { original } = edit;
  const conflicting = conflictingChanges(edit, task);
  let changes = pick(edit.changes, (name) => !(name in conflicting) && differs(edit.changes, original, name));
  if (!isEmpty(conflicting)) {
    const conflict = { task, changes: conflicting, original: pick(original, (name) => name in conflicting) };
    changes = { ...changes, ...writableOf(callSafely(() => onConflict?.(conflict)) ?? {}) };
  }
  changes = pick(changes, (name) => differs(task, changes, name));
  if (isEmpty(changes)) return undefined;
  return { ...edit, changes, original: pick(writableOf(task), (name) => name in changes), revision: task.revision };
}

/** Return the members that an edit writes; a restored task has those of the trash. */
export function valuesOf(edit: Edit): TaskChanges {
  if (edit.op === "update") return edit.changes;
  return edit.op === "create" ? writableOf(edit.task) : {};
}

/** Adapt a later edit of a task whose user saw `written`, so that it is no conflict with what the server made of that. */
export function followEdit(later: Edit, written: TaskChanges, task: Partial<Task>): Edit {
  if (later.op !== "update") return later;
  const { original } = later;
  const isOwn = (name: string) => name in original && name in written && !differs(written, original, name);
  return { ...later, original: { ...original, ...pick(writableOf(task), isOwn) } };
}

/** Return the operation of a bulk for an edit. */
export function operationOf(edit: Edit): Operation {
  const id = `uid:${edit.uid}`;
  if (edit.op === "create") {
    const { uid, created_at, ...task } = edit.task;
    const time = edit.omitsCreatedAt ? {} : { created_at };
    return { op: "create", task: { ...writableOf(task), title: task.title, uid, ...time } };
  }
  if (edit.op !== "update" && edit.op !== "delete") return { op: "restore", id };
  const condition = edit.revision > 0 ? { revision: edit.revision } : {};
  if (edit.op === "delete") return { op: "delete", id, ...condition };
  return { op: "update", id, changes: edit.changes, ...condition };
}

export function isEmpty(changes: TaskChanges): boolean {
  return Object.keys(changes).length === 0;
}

export function pick<Row extends object>(row: Row, has: (name: string) => boolean): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => has(name))) as Row;
}

export function differs(one: object, other: object, name: string): boolean {
  const valueOf = (row: object) => JSON.stringify((row as Record<string, unknown>)[name]);
  return valueOf(one) !== valueOf(other);
}
