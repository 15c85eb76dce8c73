import { vi } from "vitest";
import { type Fault, startProxy } from "./proxy.js";

export const isWrite = (line: string) => line.includes("/bulk");

const device = new EventTarget();

/** Start a proxy whose network can be lost, and a device that notices when it returns. */
export async function startNetwork() {
  const proxy = await startProxy();
  vi.stubGlobal("addEventListener", device.addEventListener.bind(device));
  return {
    proxy,
    /** Return the writes so far. */
    writes: () => proxy.requests.filter(({ line }) => isWrite(line)).length,
    failWrites: (fault: Fault) => {
      proxy.faultOf = (line) => (isWrite(line) ? fault : "pass");
    },
    goOffline: () => {
      proxy.faultOf = () => "drop";
      proxy.cut();
    },
    goOnline: () => {
      proxy.faultOf = () => "pass";
      device.dispatchEvent(new Event("online"));
    },
  };
}
