import type { Task } from "@task-api/client";
import type { ComponentProps, FormEvent, KeyboardEvent } from "react";
import { dayOf } from "@/lib/due-date";
import { ruleOptions } from "@/lib/recurrence";
import { useTasks } from "./tasks-context";

export function TaskEditor({ task, onClose }: { task: Task; onClose: () => void }) {
  const { change } = useTasks();
  const day = task.due_date ? dayOf(task.due_date) : "";
  const tags = task.tags.join(", ");

  function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name)).trim();
    change(task.uid, {
      title: text("title"),
      recurrence: text("recurrence") || null,
      // What is not changed is left out, because an instant would become a day.
      ...(text("due_date") !== day && { due_date: text("due_date") || null }),
      ...(text("tags") !== tags && { tags: text("tags").split(",").map((tag) => tag.trim()).filter(Boolean) }),
    });
    onClose();
  }

  function closeOnEscape(event: KeyboardEvent) {
    if (event.key === "Escape") onClose();
  }

  return (
    <form onSubmit={save} onKeyDown={closeOnEscape} aria-label={`Edit ${task.title}`} className="bg-page/60 grid gap-3 p-4 sm:grid-cols-3">
      <Field label="Title" name="title" defaultValue={task.title} maxLength={200} required autoFocus className="sm:col-span-3" />
      <Field label="Due" name="due_date" type="date" defaultValue={day} />
      <label className="grid gap-1 text-sm font-medium">
        Repeat
        <select name="recurrence" defaultValue={task.recurrence ?? ""} className="field text-base font-normal">
          {ruleOptions(task.recurrence ?? "").map(([rule, text]) => (
            <option key={rule} value={rule}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <Field label="Tags" name="tags" defaultValue={tags} placeholder="home, garden" />
      <div className="flex justify-end gap-2 sm:col-span-3">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button className="button-primary">Save</button>
      </div>
    </form>
  );
}

function Field({ label, className = "", ...input }: { label: string } & ComponentProps<"input">) {
  return (
    <label className={`grid gap-1 text-sm font-medium ${className}`}>
      {label}
      <input className="field text-base font-normal" {...input} />
    </label>
  );
}
