import type { Task } from "@task-api/client";
import { useCallback, useEffect, useState } from "react";
import { Empty } from "./empty";
import { useTasks } from "./tasks-context";

/** The trash is not in the collection, which has live tasks only: it is requested when it is shown. */
export function Trash() {
  const { client } = useTasks();
  const [tasks, setTasks] = useState<Task[]>();
  const [error, setError] = useState<string>();

  const run = useCallback(
    async (action?: () => Promise<unknown>) => {
      try {
        await action?.();
        setTasks((await client.list({ trashed: true })).tasks);
        setError(undefined);
      } catch (error) {
        setError((error as Error).message); // a sentence for users
      }
    },
    [client],
  );
  useEffect(() => void run(), [run]);

  if (error) return <Empty title={error} text="The trash is shown when you are online." />;
  if (!tasks) return null;
  if (!tasks.length) return <Empty title="The trash is empty." text="Deleted tasks wait here until they are purged." />;
  return (
    <ul className="card divide-line divide-y" aria-label="Trash">
      {tasks.map((task) => (
        <li key={task.uid} className="flex flex-wrap items-center gap-2 px-4 py-3">
          <span className="text-muted min-w-40 flex-1 wrap-anywhere">{task.title}</span>
          <button className="button" aria-label={`Restore ${task.title}`} onClick={() => run(() => client.restore(task.id))}>
            Restore
          </button>
          <button
            className="button-quiet"
            aria-label={`Delete permanently: ${task.title}`}
            onClick={() => run(() => client.delete(task.id, { permanent: true }))}
          >
            Delete permanently
          </button>
        </li>
      ))}
    </ul>
  );
}
