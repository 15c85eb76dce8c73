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

/** Return the row of a task before the server has it, or of one that has all members already. */
function completeTask({ title, uid = newUid(), ...given }: NewTask): Task {
  const now = new Date().toISOString();
  const task: Task = {
    id: 0,
    uid,
    user_id: "",
    title,
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
    created_at: now,
    updated_at: now,
    deleted_at: null,
    revision: 0,
  };
  const members = Object.entries(given).filter(([name, value]) => name in task && value !== undefined);
  return Object.assign(task, Object.fromEntries(members));
}
