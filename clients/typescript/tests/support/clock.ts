import { onTestFinished, vi } from "vitest";

/** Let timers and `Date.now` run faster until the test ends; the network stays as slow as it is. */
export function speedUp(factor: number): void {
  const [{ setTimeout, setInterval }, started] = [globalThis, Date.now()];
  const faster =
    (start: typeof setTimeout | typeof setInterval) =>
    (act: () => void, milliseconds = 0, ...values: []) =>
      start(act, milliseconds / factor, ...values);
  vi.stubGlobal("setTimeout", faster(setTimeout));
  vi.stubGlobal("setInterval", faster(setInterval));
  const clock = vi.spyOn(Date, "now").mockImplementation(() => started + (new Date().getTime() - started) * factor);
  onTestFinished(() => {
    vi.unstubAllGlobals();
    clock.mockRestore();
  });
}
