/** Whether the device is known to have no network. */
export function isOffline(): boolean {
  return globalThis.navigator?.onLine === false;
}

/** Whether this is a page that users do not see. */
export function isHidden(): boolean {
  return globalThis.document?.visibilityState === "hidden";
}

/** Call a function when the device is online or offline, or the page becomes visible. Elsewhere than in pages, never. */
export function watchConnectivity(changed: () => void, signal: AbortSignal): void {
  if (typeof globalThis.addEventListener !== "function") return;
  for (const name of ["online", "offline"]) globalThis.addEventListener(name, changed, { signal });
  const shown = () => isHidden() || changed();
  if (typeof document !== "undefined") document.addEventListener("visibilitychange", shown, { signal });
}
