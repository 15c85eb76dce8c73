const DAY_MS = 24 * 60 * 60 * 1000;
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const short = new Intl.DateTimeFormat("en", { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });
const withYear = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

/** Return the day of a due date, which is a day or an instant, such as 2026-12-01 for `<input type="date">`. */
export function dayOf(dueDate: string): string {
  return dueDate.length === 10 ? dueDate : localDay(new Date(dueDate));
}

/** Return a day as people say it: "tomorrow", "Tue, Dec 1", "Dec 1, 2027". */
export function describeDay(day: string): string {
  const today = localDay(new Date());
  const distance = Math.round((Date.parse(day) - Date.parse(today)) / DAY_MS);
  if (Math.abs(distance) <= 1) return relative.format(distance, "day");
  const format = day.slice(0, 4) === today.slice(0, 4) ? short : withYear;
  return format.format(new Date(day));
}

export function isPast(day: string): boolean {
  return day < localDay(new Date());
}

function localDay(date: Date): string {
  return date.toLocaleDateString("sv"); // Swedish dates are those of ISO 8601
}
