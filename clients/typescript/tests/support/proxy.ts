import { once } from "node:events";
import { createServer, type IncomingMessage, request as send, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { API_URL } from "./api.js";

/** What the proxy does with a request: forward it, drop the connection or stall before, after or during the response, or respond. */
export type Fault = "pass" | "drop" | "lose the response" | "stall" | "cut the body" | "stall the body" | "delay the body" | { status: number; headers?: Record<string, string>; body?: string };

export interface Proxy {
  url: string;
  /** The requests so far, such as `POST /api/tasks`, with their headers. */
  requests: { line: string; headers: IncomingMessage["headers"] }[];
  /** The faults of the next requests, in order; those after them are forwarded. */
  faults: Fault[];
  /** The fault of a request, by its line, where `faults` is empty. */
  faultOf: (line: string) => Fault;
  /** The number of streams that are open. */
  streams(): number;
  /** The number of requests whose response is neither complete nor cancelled. */
  pending(): number;
  /** Cut all connections. */
  cut(): void;
  /** Forward nothing of what the open streams receive, and leave them open. */
  silence(): void;
}

const DELAY_MS = 300;

/** Start a real proxy of the API for one test. */
export async function startProxy(): Promise<Proxy> {
  const open = new Set<{ response: ServerResponse; upstream: IncomingMessage }>();
  let pending = 0;
  const proxy: Proxy = {
    url: "",
    requests: [],
    faults: [],
    faultOf: () => "pass",
    streams: () => open.size,
    pending: () => pending,
    cut: () => server.closeAllConnections(),
    silence: () => open.forEach(({ response, upstream }) => upstream.unpipe(response)),
  };
  const server = createServer((incoming, response) => {
    const line = `${incoming.method} ${incoming.url}`;
    proxy.requests.push({ line, headers: incoming.headers });
    pending++;
    response.on("close", () => pending--);
    const fault = proxy.faults.shift() ?? proxy.faultOf(line);
    if (fault === "drop") response.destroy();
    else if (fault === "stall") incoming.resume();
    else if (typeof fault === "object") {
      incoming.resume().on("end", () => response.writeHead(fault.status, fault.headers).end(fault.body));
    }
    else forward(incoming, response, fault);
  });
  const forward = (incoming: IncomingMessage, response: ServerResponse, fault: string) => {
    const { method, headers } = incoming;
    const upstream = send(new URL(incoming.url ?? "/", API_URL), { method, headers, agent: false }, (received) => {
      if (fault === "lose the response") return response.destroy();
      response.writeHead(received.statusCode ?? 502, received.headers);
      if (fault === "delay the body") return setTimeout(() => received.pipe(response), DELAY_MS);
      if (fault.endsWith("the body")) {
        return response.write("{", () => fault === "cut the body" && response.destroy());
      }
      received.pipe(response);
      if (!incoming.url?.includes("/events")) return;
      const stream = { response, upstream: received };
      open.add(stream);
      response.on("close", () => open.delete(stream));
    });
    response.on("close", () => upstream.destroy());
    upstream.on("error", () => response.destroy());
    incoming.pipe(upstream);
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return proxy;
}
