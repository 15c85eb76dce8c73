export interface Filter {
  view: "pending" | "completed" | "all" | "trash";
  search: string;
  tag: string | null;
}

const VIEWS = { pending: "To do", completed: "Done", all: "All", trash: "Trash" } as const;

export function Filters({ filter, onChange }: { filter: Filter; onChange: (filter: Filter) => void }) {
  const change = (part: Partial<Filter>) => onChange({ ...filter, ...part });
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-3">
      <div role="group" aria-label="View" className="bg-line/60 flex w-full rounded-xl p-1 sm:w-auto">
        {Object.entries(VIEWS).map(([view, text]) => (
          <button
            key={view}
            aria-pressed={filter.view === view}
            onClick={() => change({ view: view as Filter["view"] })}
            className="text-muted aria-pressed:bg-card aria-pressed:text-text flex-auto rounded-lg px-3 py-1 font-medium whitespace-nowrap aria-pressed:ring-line aria-pressed:shadow-xs aria-pressed:ring-1"
          >
            {text}
          </button>
        ))}
      </div>
      {filter.view !== "trash" && (
        <input
          type="search"
          aria-label="Search"
          placeholder="Search"
          value={filter.search}
          onChange={(event) => change({ search: event.target.value })}
          className="field min-w-40 flex-1"
        />
      )}
      {filter.tag && (
        <button className="button-quiet" onClick={() => change({ tag: null })} aria-label={`Remove the filter ${filter.tag}`}>
          #{filter.tag} ✕
        </button>
      )}
    </div>
  );
}
