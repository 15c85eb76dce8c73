"use client";
import { useState } from "react";
import { AddTask } from "./add-task";
import { type Filter, Filters } from "./filters";
import { Header } from "./header";
import { TaskList } from "./task-list";
import { TasksProvider } from "./tasks-context";
import { Trash } from "./trash";

export function TasksPage({ user }: { user: { id: string; name: string } }) {
  const [filter, setFilter] = useState<Filter>({ view: "pending", search: "", tag: null });
  return (
    <TasksProvider userId={user.id}>
      <main className="mx-auto grid max-w-2xl gap-5 p-4 pb-40 sm:py-10">
        <Header user={user} />
        <AddTask />
        <Filters filter={filter} onChange={setFilter} />
        {filter.view === "trash" ? <Trash /> : <TaskList filter={filter} onTag={(tag) => setFilter({ ...filter, tag })} />}
      </main>
    </TasksProvider>
  );
}
