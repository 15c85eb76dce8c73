let last = 0;

/** Make a UUID of version 7, larger than those made before and than another one: they sort by their creation. */
export function newUid(after = ""): string {
  const known = Number.parseInt(after.slice(0, 13).replace("-", ""), 16) || 0;
  last = Math.max(Date.now(), last + 1, known + 1);
  const time = last.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUuid().slice(15)}`;
}

/** Make a random UUID, also where the page is no secure context. */
export function randomUuid(): string {
  const digit = () => Math.floor(Math.random() * 16).toString(16);
  return globalThis.crypto?.randomUUID?.() ?? "00000000-0000-4000-8000-000000000000".replace(/0/g, digit);
}
