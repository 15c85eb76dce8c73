import { type Collection, createCollection } from "@tanstack/react-db";
import { createTaskClient, type Task, type TaskClient } from "@task-api/client";
import { fromJwtPlugin } from "@task-api/client/better-auth";
import { followTasks, type LiveStatus } from "@task-api/client/live";
import { authClient } from "./auth-client";

export type Conflict = { task: Task; changes: Partial<Task> };
export interface Hooks {
  onConflict: (conflict: Conflict) => void;
  onRejected: (rejection: { error: Error }) => void;
  onStatus: (status: LiveStatus) => void;
}

// STAND-IN for taskCollectionOptions
function taskCollectionOptions(client: TaskClient, hooks: Hooks) {
  return {
    getKey: (task: Task) => task.uid,
    sync: {
      sync: ({ begin, write, commit, markReady, truncate }: any) => {
        const known = new Set<string>();
        return followTasks(client, {
          onStatus: hooks.onStatus,
          onChange({ tasks, reset }) {
            begin();
            if (reset) { truncate(); known.clear(); }
            for (const task of tasks) {
              if (task.deleted_at) { if (known.delete(task.uid)) write({ type: "delete", key: task.uid, value: task }); }
              else { write({ type: known.has(task.uid) ? "update" : "insert", value: task }); known.add(task.uid); }
            }
            commit();
            markReady();
          },
        });
      },
    },
    onInsert: async ({ transaction }: any) => { for (const m of transaction.mutations) await client.create({ title: m.modified.title, due_date: m.modified.due_date, uid: m.modified.uid }); await new Promise((r) => setTimeout(r, 300)); },
    onUpdate: async ({ transaction }: any) => { for (const m of transaction.mutations) await client.update(`uid:${m.key}`, m.changes); await new Promise((r) => setTimeout(r, 300)); },
    onDelete: async ({ transaction }: any) => { for (const m of transaction.mutations) await client.delete(`uid:${m.key}`); await new Promise((r) => setTimeout(r, 300)); },
  } as any;
}

export function openTasks(userId: string, hooks: Hooks) {
  const client = createTaskClient({
    baseUrl: process.env.NEXT_PUBLIC_API_URL!,
    getToken: fromJwtPlugin(authClient),
    userId,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  });
  const collection = createCollection(taskCollectionOptions(client, hooks)) as unknown as Collection<Task, string>;
  const insert = collection.insert.bind(collection);
  (collection as any).insert = (t: any) => insert({ uid: crypto.randomUUID(), id: 0, user_id: userId, description: null, completed: false, completed_at: null, priority: "medium", category: null, tags: [], due_date: null, recurrence: null, recurrence_from: "due_date", recurrence_tz: null, created_at: new Date().toISOString(), updated_at: new Date().toISOString(), deleted_at: null, revision: 0, ...t });
  return { client, collection };
}
