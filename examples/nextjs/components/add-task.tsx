import type { FormEvent } from "react";
import { useTasks } from "./tasks-context";

export function AddTask() {
  const { collection } = useTasks();

  function add(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const title = String(form.get("title")).trim();
    if (!title) return;
    collection.insert({ title, due_date: String(form.get("due_date")) || null });
    event.currentTarget.reset();
  }

  return (
    <form onSubmit={add} className="card flex flex-wrap gap-2 p-3 sm:flex-nowrap">
      <input name="title" aria-label="New task" placeholder="What needs to be done?" maxLength={200} className="field" required />
      <input name="due_date" aria-label="Due date of the new task" type="date" className="field text-muted min-w-0 flex-1 sm:w-40 sm:flex-none" />
      <button className="button-primary">Add</button>
    </form>
  );
}
