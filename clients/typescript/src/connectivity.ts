/** Whether the device is known to have no network. */
export function isOffline(): boolean {
  return globalThis.navigator?.onLine === false;
}

/** Call a function when the network or the page changes: online, offline, visible, hidden. Elsewhere than in pages, never. */
export function watchConnectivity(changed: () => void, signal: AbortSignal): void {
  if (typeof globalThis.addEventListener !== "function") return;
  for (const name of ["online", "offline"]) globalThis.addEventListener(name, changed, { signal });
  if (typeof document !== "undefined") document.addEventListener("visibilitychange", changed, { signal });
}
