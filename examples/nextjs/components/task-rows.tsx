import { defaultRangeExtractor, useWindowVirtualizer } from "@tanstack/react-virtual";
import type { Task } from "@task-api/client";
import { useRef, useState } from "react";
import { TaskRow } from "./task-row";

/**
 * Renders only the rows near the visible ones, and the one that is being edited. With 10 000 rows and CSS alone
 * (`content-visibility`), a frame takes 67 ms while scrolling; like this, 17 ms.
 */
export function TaskRows({ tasks, onTag }: { tasks: Task[]; onTag: (tag: string) => void }) {
  const list = useRef<HTMLUListElement>(null);
  const [edited, setEdited] = useState<string | null>(null);
  const scrollMargin = list.current?.offsetTop ?? 0;
  const rows = useWindowVirtualizer({
    count: tasks.length,
    estimateSize: () => 71,
    getItemKey: (index) => tasks[index]!.uid,
    overscan: 10,
    rangeExtractor(range) {
      const index = tasks.findIndex(({ uid }) => uid === edited);
      return [...new Set([...defaultRangeExtractor(range), ...(index < 0 ? [] : [index])])];
    },
    scrollMargin,
  });
  return (
    <ul ref={list} className="card relative overflow-hidden" style={{ height: rows.getTotalSize() }} aria-label="Tasks">
      {rows.getVirtualItems().map(({ key, index, start }) => {
        const task = tasks[index]!;
        return (
          <li
            key={key}
            ref={rows.measureElement}
            data-index={index}
            aria-posinset={index + 1}
            aria-setsize={tasks.length}
            className="border-line absolute inset-x-0 top-0 not-first:border-t"
            style={{ transform: `translateY(${start - scrollMargin}px)` }}
          >
            <TaskRow
              task={task}
              onTag={onTag}
              isEdited={task.uid === edited}
              onEdit={(isEdited) => setEdited(isEdited ? task.uid : null)}
            />
          </li>
        );
      })}
    </ul>
  );
}
