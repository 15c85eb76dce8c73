/** Sends the token in MCP_TOKEN with each request, because the conformance suite has no option for headers. */
import { subscribe } from "node:diagnostics_channel";

const token = `Bearer ${process.env.MCP_TOKEN}`;
subscribe("undici:request:create", ({ request }) => request.addHeader("authorization", token)); // those of fetch
subscribe("http.client.request.created", ({ request }) => request.setHeader("authorization", token));
