import type { Task } from "@task-api/client";
import { useRef, useState } from "react";
import { flushSync } from "react-dom";
import { dayOf, describeDay, isPast } from "@/lib/due-date";
import { describeRule } from "@/lib/recurrence";
import { TaskEditor } from "./task-editor";
import { useTasks } from "./tasks-context";

export function TaskRow({ task, onTag }: { task: Task; onTag: (tag: string) => void }) {
  const { complete, remove } = useTasks();
  const [isEditing, setEditing] = useState(false);
  const title = useRef<HTMLButtonElement>(null);

  function close() {
    flushSync(() => setEditing(false));
    title.current?.focus();
  }

  if (isEditing) return <TaskEditor task={task} onClose={close} />;
  return (
    <div className="group flex items-start gap-3 px-4 py-3">
      <input type="checkbox" className="check" aria-label={`Complete ${task.title}`} checked={task.completed} onChange={() => complete(task)} />
      <div className="min-w-0 flex-1">
        <button
          ref={title}
          aria-label={`Edit ${task.title}`}
          onClick={() => setEditing(true)}
          className={`block w-full rounded text-left wrap-anywhere ${task.completed ? "text-muted line-through" : ""}`}
        >
          {task.title}
        </button>
        <Details task={task} onTag={onTag} />
      </div>
      <button className="button-quiet" aria-label={`Delete ${task.title}`} onClick={() => remove(task)}>
        ✕
      </button>
    </div>
  );
}

function Details({ task, onTag }: { task: Task; onTag: (tag: string) => void }) {
  const day = task.due_date && dayOf(task.due_date);
  return (
    <p className="text-muted mt-0.5 flex flex-wrap gap-x-3 text-sm empty:hidden">
      {day && <span className={!task.completed && isPast(day) ? "text-danger" : ""}>{describeDay(day)}</span>}
      {task.recurrence && <span>↻ {describeRule(task.recurrence)}</span>}
      {task.tags.map((tag) => (
        <button key={tag} className="hover:text-text rounded" onClick={() => onTag(tag)} aria-label={`Show tasks with the tag ${tag}`}>
          #{tag}
        </button>
      ))}
    </p>
  );
}
