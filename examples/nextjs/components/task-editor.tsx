import type { Task } from "@task-api/client";
import { type ComponentProps, type FormEvent, type KeyboardEvent, useState } from "react";
import { dayOf } from "@/lib/due-date";
import { ruleOptions } from "@/lib/recurrence";
import { useTasks } from "./tasks-context";

export function TaskEditor({ task, onClose }: { task: Task; onClose: () => void }) {
  const { change } = useTasks();
  const [shown] = useState(() => textsOf(task)); // as when the editor opened: other devices may change the task meanwhile

  function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name)).trim();
    const isChanged = (name: keyof typeof shown) => text(name) !== shown[name];
    // What the user has not changed is left out: it would undo changes of other devices, and make a day of an instant.
    change(task.uid, {
      ...(isChanged("title") && { title: text("title") }),
      ...(isChanged("due_date") && { due_date: text("due_date") || null }),
      ...(isChanged("recurrence") && { recurrence: text("recurrence") || null }),
      ...(isChanged("tags") && { tags: text("tags").split(",").map((tag) => tag.trim()).filter(Boolean) }),
    });
    onClose();
  }

  function closeOnEscape(event: KeyboardEvent) {
    if (event.key === "Escape") onClose();
  }

  return (
    <form onSubmit={save} onKeyDown={closeOnEscape} aria-label={`Edit ${task.title}`} className="bg-page/60 grid gap-3 p-4 sm:grid-cols-3">
      <Field label="Title" name="title" defaultValue={shown.title} maxLength={200} required autoFocus className="sm:col-span-3" />
      <Field label="Due" name="due_date" type="date" defaultValue={shown.due_date} />
      <label className="grid gap-1 text-sm font-medium">
        Repeat
        <select name="recurrence" defaultValue={shown.recurrence} className="field text-base font-normal">
          {ruleOptions(shown.recurrence).map(([rule, text]) => (
            <option key={rule} value={rule}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <Field label="Tags" name="tags" defaultValue={shown.tags} placeholder="home, garden" />
      <div className="flex justify-end gap-2 sm:col-span-3">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button className="button-primary">Save</button>
      </div>
    </form>
  );
}

function textsOf({ title, due_date, recurrence, tags }: Task) {
  return { title, due_date: due_date ? dayOf(due_date) : "", recurrence: recurrence ?? "", tags: tags.join(", ") };
}

function Field({ label, className = "", ...input }: { label: string } & ComponentProps<"input">) {
  return (
    <label className={`grid gap-1 text-sm font-medium ${className}`}>
      {label}
      <input className="field text-base font-normal" {...input} />
    </label>
  );
}
