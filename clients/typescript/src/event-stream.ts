import { onAbort } from "./wait.js";

export interface ServerSentEvent {
  id: string;
  data: string;
}

/**
 * Read the events of a stream that have data, until it ends or the signal is aborted; `onBytes` is called for whatever
 * arrives, comments included.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  onBytes: () => void,
): AsyncGenerator<ServerSentEvent, void> {
  let fields: Partial<ServerSentEvent> = {};
  for await (const line of readLines(body, signal, onBytes)) {
    const [name, value] = fieldOf(line);
    if (name === "id") fields.id = value;
    else if (name === "data") fields.data = fields.data === undefined ? value : `${fields.data}\n${value}`;
    else if (line === "") {
      if (fields.data !== undefined) yield { id: fields.id ?? "", data: fields.data };
      fields = {};
    }
  }
}

function fieldOf(line: string): [string, string] {
  const colon = line.indexOf(":");
  return colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
}

async function* readLines(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  onBytes: () => void,
): AsyncGenerator<string, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const cancel = () => void reader.cancel().catch(() => {}); // closes the connection
  const forget = onAbort(signal, cancel); // beside that of `fetch`, which Node loses with its request
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      onBytes();
      const lines = (rest + decoder.decode(value, { stream: true })).split(/\r?\n/);
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } finally {
    forget();
    cancel();
  }
}
