import type { Edit, TaskConflict } from "@task-api/client/tanstack-db";
import { useCallback, useState } from "react";

export interface Notice {
  text: string;
  action?: { label: string; run: () => void };
  /** The label of the button that only closes the notice. */
  close?: string;
  /** The seconds after which it closes by itself. */
  seconds?: number;
}

export function useNotices() {
  const [notices, setNotices] = useState<Notice[]>([]);
  const dismiss = useCallback((notice: Notice) => setNotices((all) => all.filter((each) => each !== notice)), []);
  const notify = useCallback(
    (notice: Notice) => {
      // One that closes by itself takes the place of the last such one; conflicts and errors wait for the user.
      setNotices((all) => [...all.filter((each) => !each.seconds), notice]);
      if (notice.seconds) setTimeout(() => dismiss(notice), notice.seconds * 1000);
    },
    [dismiss],
  );
  return { notices, notify, dismiss };
}

export function Notices({ notices, onDismiss }: { notices: Notice[]; onDismiss: (notice: Notice) => void }) {
  return (
    <div role="status" className="pointer-events-none fixed inset-x-0 bottom-0 mx-auto grid max-w-2xl gap-2 p-4">
      {notices.map((notice, index) => (
        <div key={index} className="card border-accent pointer-events-auto flex flex-wrap items-center gap-2 py-2 pr-2 pl-4 shadow-lg">
          <p className="min-w-40 flex-1 wrap-anywhere">{notice.text}</p>
          {notice.action && (
            <button
              className="text-accent hover:bg-line/60 rounded-lg px-3 py-2 font-medium"
              onClick={() => {
                notice.action?.run();
                onDismiss(notice);
              }}
            >
              {notice.action.label}
            </button>
          )}
          <button className="button-quiet px-3 py-2" aria-label={notice.close ?? "Close"} onClick={() => onDismiss(notice)}>
            {notice.close ?? "✕"}
          </button>
        </div>
      ))}
    </div>
  );
}

/** Explain a conflict: another device has changed the same members. Its values stay unless the user decides otherwise. */
export function conflictNotice({ task, changes }: TaskConflict, useMine: () => void): Notice {
  const members = Object.keys(changes) as (keyof typeof changes)[];
  const sentences = members.map((name) => `${LABELS[name] ?? name}: ${show(task[name])} there, ${show(changes[name])} here.`);
  return {
    text: `“${task.title}” was changed on another device. ${sentences.join(" ")}`,
    action: { label: "Use mine", run: useMine },
    close: "Keep theirs",
  };
}

/** Explain why the server refuses an edit, and show what the user has written, which is undone. */
export function rejectionNotice(error: Error, edit: Edit, title: string | undefined): Notice {
  const changes = edit.op === "update" ? edit.changes : {};
  const values = Object.entries(changes).map(([name, value]) => `${LABELS[name] ?? name}: ${show(value)}.`);
  return { text: [`${title ? `“${title}”` : "A task"} was not saved.`, error.message, ...values].join(" ") };
}

const LABELS: Partial<Record<string, string>> = { title: "Title", due_date: "Due", recurrence: "Repeat", tags: "Tags", completed: "Done" };

function show(value: unknown): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  const text = Array.isArray(value) ? value.join(", ") : String(value ?? "");
  return text ? `“${text}”` : "none";
}
