import type { Task } from "@task-api/client";
import { createContext, type ReactNode, use, useState } from "react";
import { openTasks } from "@/lib/tasks";
import { conflictNotice, Notices, useNotices } from "./notices";

type Tasks = ReturnType<typeof openTasks> & {
  status: string;
  complete(task: Task): void;
  remove(task: Task): void;
};

const Context = createContext<Tasks | null>(null);

/** Return the user's tasks and what can be done with them. */
export function useTasks(): Tasks {
  const tasks = use(Context);
  if (!tasks) throw new Error("useTasks needs a TasksProvider.");
  return tasks;
}

export function TasksProvider({ userId, children }: { userId: string; children: ReactNode }) {
  const { notices, notify, dismiss } = useNotices();
  const [status, setStatus] = useState("connecting");
  const [{ client, collection }] = useState(() =>
    openTasks(userId, {
      onStatus: setStatus,
      onConflict: (conflict) => notify(conflictNotice(conflict, () => put(conflict.task.uid, conflict.changes))),
      onRejected: ({ error }) => notify({ text: error.message }),
    }),
  );

  function put(uid: string, changes: Partial<Task>) {
    collection.update(uid, (draft) => void Object.assign(draft, changes));
  }

  function complete(task: Task) {
    put(task.uid, { completed: !task.completed });
    const text = `${task.completed ? "Reopened" : "Completed"} “${task.title}”.`;
    notify({ text, action: { label: "Undo", run: () => put(task.uid, { completed: task.completed }) }, seconds: 8 });
  }

  function remove(task: Task) {
    collection.delete(task.uid);
    const restore = () => void client.restore(`uid:${task.uid}`).catch(({ message }) => notify({ text: message }));
    notify({ text: `Moved “${task.title}” to the trash.`, action: { label: "Undo", run: restore }, seconds: 8 });
  }

  return (
    <Context value={{ client, collection, status, complete, remove }}>
      {children}
      <Notices notices={notices} onDismiss={dismiss} />
    </Context>
  );
}
