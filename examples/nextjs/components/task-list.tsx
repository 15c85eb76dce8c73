import { eq, inArray, useLiveQuery } from "@tanstack/react-db";
import { Empty } from "./empty";
import type { Filter } from "./filters";
import { TaskRows } from "./task-rows";
import { useTasks } from "./tasks-context";

export function TaskList({ filter, onTag }: { filter: Filter; onTag: (tag: string) => void }) {
  const { collection } = useTasks();
  const { view, search, tag } = filter;
  const { data, isReady } = useLiveQuery({
    query: (q) => {
      let query = q
        .from({ task: collection })
        .orderBy(({ task }) => task.completed)
        .orderBy(({ task }) => task.due_date, { nulls: "last", stringSort: "lexical" })
        .orderBy(({ task }) => task.created_at, { direction: "desc", stringSort: "lexical" });
      if (view !== "all") query = query.where(({ task }) => eq(task.completed, view === "completed"));
      if (tag) query = query.where(({ task }) => inArray(tag, task.tags));
      return query;
    },
  });

  const word = search.toLowerCase(); // not in the query, whose `ilike` takes % and _ for wildcards
  const tasks = word ? data.filter(({ title }) => title.toLowerCase().includes(word)) : data;

  if (!isReady && !tasks.length) return <p className="text-muted p-12 text-center">Loading …</p>;
  if (!tasks.length) return <EmptyList filter={filter} />;
  return <TaskRows tasks={tasks} onTag={onTag} />;
}

function EmptyList({ filter: { view, search, tag } }: { filter: Filter }) {
  if (search || tag) return <Empty title="Nothing found." text="Try another word, or remove the filter." />;
  if (view === "completed") return <Empty title="Nothing done yet." text="Completed tasks are shown here." />;
  return <Empty title="All clear." text="Add a task above." />;
}
