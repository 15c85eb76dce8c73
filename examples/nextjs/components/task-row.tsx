import type { Task } from "@task-api/client";
import { useLayoutEffect, useRef } from "react";
import { flushSync } from "react-dom";
import { dayOf, describeDay, isPast } from "@/lib/due-date";
import { describeRule } from "@/lib/recurrence";
import { TaskEditor } from "./task-editor";
import { useTasks } from "./tasks-context";

interface TaskRowProps {
  task: Task;
  onTag: (tag: string) => void;
  isEdited: boolean;
  onEdit: (isEdited: boolean) => void;
}

export function TaskRow({ task, onTag, isEdited, onEdit }: TaskRowProps) {
  const { complete, remove } = useTasks();
  const title = useRef<HTMLButtonElement>(null);
  const row = useFocusOfNeighbour();

  function close() {
    flushSync(() => onEdit(false));
    title.current?.focus();
  }

  if (isEdited) return <TaskEditor task={task} onClose={close} />;
  return (
    <div ref={row} className="flex items-start gap-3 px-4 py-3">
      <input type="checkbox" className="check" aria-label={`Complete ${task.title}`} checked={task.completed} onChange={() => complete(task)} />
      <div className="min-w-0 flex-1">
        <button
          ref={title}
          aria-label={`Edit ${task.title}`}
          onClick={() => onEdit(true)}
          className={`block w-full rounded text-left wrap-anywhere ${task.completed ? "text-muted line-through" : ""}`}
        >
          {task.title}
        </button>
        <Details task={task} onTag={onTag} />
      </div>
      <button className="button-quiet -my-1" aria-label={`Delete ${task.title}`} onClick={() => remove(task)}>
        ✕
      </button>
    </div>
  );
}

function Details({ task, onTag }: { task: Task; onTag: (tag: string) => void }) {
  const day = task.due_date && dayOf(task.due_date);
  return (
    <p className="text-muted mt-0.5 flex flex-wrap gap-x-3 text-sm empty:hidden">
      {day && <DueDay day={day} isOverdue={!task.completed && isPast(day)} />}
      {task.recurrence && <span>↻ {describeRule(task.recurrence)}</span>}
      {task.tags.map((tag) => (
        <button key={tag} className="hover:text-text rounded" onClick={() => onTag(tag)} aria-label={`Show tasks with the tag ${tag}`}>
          #{tag}
        </button>
      ))}
    </p>
  );
}

function DueDay({ day, isOverdue }: { day: string; isOverdue: boolean }) {
  return (
    <span className={`inline-block first-letter:uppercase ${isOverdue ? "text-danger" : ""}`}>
      {describeDay(day)}
      {isOverdue && " (overdue)"}
    </span>
  );
}

/** Move the focus to a neighbour, or to the view, when the row that has it disappears, such as because its task is completed. */
function useFocusOfNeighbour() {
  const row = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const item = row.current?.closest("li");
    return () => {
      if (!item?.contains(document.activeElement)) return;
      const neighbour = item.nextElementSibling ?? item.previousElementSibling;
      const next = neighbour?.querySelector("input") ?? document.querySelector<HTMLElement>("[aria-pressed=true]");
      next?.focus({ preventScroll: true });
    };
  }, []);
  return row;
}
