import { createCollection } from "@tanstack/react-db";
import { createTaskClient } from "@task-api/client";
import { type TaskCollectionOptions, taskCollectionOptions } from "@task-api/client/tanstack-db";
import { authClient } from "./auth-client";

/** Open a user's tasks: a client for single requests, and the collection that is in sync with the server. */
export function openTasks(userId: string, options: TaskCollectionOptions) {
  const client = createTaskClient({
    baseUrl: process.env.NEXT_PUBLIC_API_URL!,
    getToken: authClient.token,
    userId,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  });
  return { client, collection: createCollection(taskCollectionOptions(client, options)) };
}
