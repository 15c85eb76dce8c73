import type { TaskClient } from "./client.js";
import { followTasks } from "./live.js";
import type { TaskId, TaskQuery } from "./paths.js";
import type { TaskList } from "./types.js";

const ALL = ["tasks"] as const;

/** What React Query passes to a function that fetches. */
interface Fetching<PageParam = unknown> {
  pageParam: PageParam;
  signal: AbortSignal;
}

/** Return the options of `useQuery` for a page of tasks. */
export function tasksQuery(client: TaskClient, query: TaskQuery = {}) {
  return {
    queryKey: [...ALL, "list", query] as const,
    queryFn: ({ signal }: Pick<Fetching, "signal">) => client.list(query, { signal }),
  };
}

/** Return the options of `useInfiniteQuery` for tasks page by page. */
export function taskPagesQuery(client: TaskClient, query: TaskQuery = {}) {
  return {
    queryKey: [...ALL, "pages", query] as const,
    queryFn: ({ pageParam, signal }: Fetching<string | undefined>) =>
      client.list(pageParam === undefined ? query : { ...query, cursor: pageParam }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: TaskList) => page.next_cursor,
  };
}

/** Return the options of `useQuery` for one task. */
export function taskQuery(client: TaskClient, id: TaskId) {
  return {
    queryKey: [...ALL, "task", id] as const,
    queryFn: ({ signal }: Pick<Fetching, "signal">) => client.get(id, { signal }),
  };
}

/** The part of a `QueryClient` that is used here. */
interface Queries {
  invalidateQueries(filters: { queryKey: readonly unknown[] }): Promise<void>;
}

/** Refetch the queries on display whenever tasks change, in this or another tab or device. Returns a function that stops. */
export function keepFresh(client: TaskClient, queries: Queries): () => void {
  let isLoaded = false;
  return followTasks(client, {
    onChange: ({ more }) => {
      if (isLoaded && !more) void queries.invalidateQueries({ queryKey: ALL });
      isLoaded ||= !more;
    },
  });
}
