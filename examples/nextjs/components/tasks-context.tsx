import type { Task } from "@task-api/client";
import type { Edit, TaskChanges } from "@task-api/client/tanstack-db";
import { createContext, type ReactNode, use, useState } from "react";
import { openTasks } from "@/lib/tasks";
import { conflictNotice, Notices, rejectionNotice, useNotices } from "./notices";

type Tasks = ReturnType<typeof openTasks> & {
  change(uid: string, changes: TaskChanges): void;
  complete(task: Task): void;
  remove(task: Task): void;
};

const Context = createContext<Tasks | null>(null);

/** Return the user's tasks, and what can be done with them. */
export function useTasks(): Tasks {
  const tasks = use(Context);
  if (!tasks) throw new Error("useTasks needs a TasksProvider.");
  return tasks;
}

export function TasksProvider({ userId, children }: { userId: string; children: ReactNode }) {
  const { notices, notify, dismiss } = useNotices();
  const [{ client, collection }] = useState(() =>
    openTasks(userId, {
      onConflict: (conflict) => notify(conflictNotice(conflict, () => change(conflict.task.uid, conflict.changes))),
      onRejected: (error, edit) => notify(rejectionNotice(error, edit, titleOf(edit))),
    }),
  );

  function titleOf(edit: Edit) {
    if (edit.op === "create" || edit.op === "restore") return edit.task.title;
    return collection.get(edit.uid)?.title ?? (edit.op === "update" ? edit.original.title : undefined);
  }

  function change(uid: string, changes: TaskChanges) {
    if (collection.has(uid)) collection.update(uid, (draft) => void Object.assign(draft, changes));
  }

  function complete(task: Task) {
    const { uid, completed, title } = task;
    change(uid, { completed: !completed });
    notifyWithUndo(`${completed ? "Reopened" : "Completed"} “${title}”.`, () => change(uid, { completed }));
  }

  function remove(task: Task) {
    collection.delete(task.uid);
    notifyWithUndo(`Moved “${task.title}” to the trash.`, () => collection.insert(task));
  }

  function notifyWithUndo(text: string, undo: () => void) {
    notify({ text, action: { label: "Undo", run: undo }, seconds: 8 });
  }

  return (
    <Context value={{ client, collection, change, complete, remove }}>
      {children}
      <Notices notices={notices} onDismiss={dismiss} />
    </Context>
  );
}
