"use client";
import { useEffect, useState } from "react";
import { authClient } from "@/lib/auth-client";
import { AddTask } from "./add-task";
import { type Filter, Filters } from "./filters";
import { Header } from "./header";
import { TaskList } from "./task-list";
import { TasksProvider } from "./tasks-context";
import { Trash } from "./trash";

export function TasksPage({ user }: { user: { id: string; name: string } }) {
  const [filter, setFilter] = useState<Filter>({ view: "pending", search: "", tag: null });
  useReloadAfterSignOut(user.id);
  return (
    <TasksProvider userId={user.id}>
      <main className="mx-auto grid max-w-2xl gap-5 p-4 pb-40 sm:py-10">
        <Header name={user.name} />
        <AddTask />
        <Filters filter={filter} onChange={setFilter} />
        {filter.view === "trash" ? <Trash /> : <TaskList filter={filter} onTag={(tag) => setFilter({ ...filter, tag })} />}
      </main>
    </TasksProvider>
  );
}

/** Load a new document, which has nothing of this user, when the user signs out, in this tab or in another. */
function useReloadAfterSignOut(userId: string) {
  const { data, error, isPending } = authClient.useSession();
  const isOver = !isPending && !error && data?.user.id !== userId;
  useEffect(() => {
    if (isOver) location.assign("/"); // leads to the sign-in page
  }, [isOver]);
}
