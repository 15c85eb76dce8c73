/**
 * A proxy on 127.0.0.1 that compresses what it can, with the middleware that express and Next.js use; its first line of
 * output is `{"url": "http://127.0.0.1:<port>"}`.
 *
 *   node compressing_proxy.mjs '{"target": "http://127.0.0.1:8000"}'
 *
 * It ends when its standard input closes, so it never outlives the process that started it.
 */
import { once } from "node:events";
import { createServer, request as send } from "node:http";
import compression from "compression";

process.stdin.resume().once("close", () => process.exit());

const { target } = JSON.parse(process.argv[2]);
const compress = compression({ threshold: 0 });

const server = createServer((request, response) => compress(request, response, () => forward(request, response)));
await once(server.listen(0, "127.0.0.1"), "listening");
process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` })}\n`);

function forward(request, response) {
  const { method, headers } = request;
  const forwarded = send(new URL(request.url, target), { method, headers }, (received) => {
    response.writeHead(received.statusCode, received.headers);
    received.pipe(response);
  });
  response.on("close", () => forwarded.destroy());
  forwarded.on("error", () => response.destroy());
  request.pipe(forwarded);
}
