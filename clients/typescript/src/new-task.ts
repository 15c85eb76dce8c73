import type { Task } from "./types.js";
import { newUid } from "./uid.js";

/** A task to insert: all members but the title have defaults. */
export type NewTask = Pick<Task, "title"> & { [Name in keyof Task]?: Task[Name] | undefined };

/** Fills the defaults of a new task in, as a Standard Schema; what is invalid is refused by the server. */
export const newTaskSchema = {
  "~standard": {
    version: 1,
    vendor: "task-api",
    validate: (value: unknown) => ({ value: completeTask(value as NewTask) }),
  },
} as NewTaskSchema;

export interface NewTaskSchema {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => { readonly value: Task };
    readonly types?: { readonly input: NewTask; readonly output: Task };
  };
}

/** The members of a task that the server does not have yet. */
const DEFAULTS: Omit<Task, "uid" | "title" | "created_at" | "updated_at"> = {
  id: 0,
  user_id: "",
  description: null,
  completed: false,
  completed_at: null,
  priority: "medium",
  category: null,
  tags: [],
  due_date: null,
  recurrence: null,
  recurrence_from: "due_date",
  recurrence_tz: null,
  deleted_at: null,
  revision: 0,
};

/** Return the row of a new task, or of one that has all members already, without those that TanStack DB adds. */
function completeTask({ title, uid = newUid(), ...given }: NewTask): Task {
  const now = new Date().toISOString();
  const task = { ...DEFAULTS, uid, title, created_at: now, updated_at: now };
  const members = Object.entries(given).filter(([name, value]) => name in task && value !== undefined);
  return { ...task, ...Object.fromEntries(members) };
}
