/**
 * Connects to an MCP server, lists its tools, and calls each of them; prints what it saw as JSON.
 *
 *   node use_every_tool.mjs '{"url": "http://127.0.0.1:8000/mcp", "token": "…", "mode": "auto"}'
 *
 * The client compares each result with the schema of its tool.
 */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

const { url, token, mode } = JSON.parse(process.argv[2]);
const client = new Client({ name: "tests", version: "1.0.0" }, { versionNegotiation: { mode } });
const requestInit = { headers: { Authorization: `Bearer ${token}` } };
await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));

const called = [];
async function call(name, args = {}) {
  const result = await client.callTool({ name, arguments: args });
  if (result.isError) throw new Error(`${name}: ${result.content[0].text}`);
  called.push(name);
  return result.structuredContent;
}

const { tools } = await client.listTools();
const { next_since: since } = await call("what_changed");
const { tasks } = await call("add_tasks", { tasks: [{ title: "Buy milk", due_date: "2026-12-01" }, { title: "Call Ann" }] });
const [milk, ann] = tasks.map((task) => task.id);
await call("update_tasks", { tasks: [{ id: milk, priority: "high", description: "Two bottles" }] });
const { description } = await call("get_task", { id: milk });
await call("complete_tasks", { ids: [milk] });
await call("delete_tasks", { ids: [ann] });
await call("restore_tasks", { ids: [ann] });
const listed = await call("list_tasks", { status: "all" });
const { completed } = await call("overview");
await call("what_changed", { since });
const refused = await client.callTool({ name: "get_task", arguments: { id: "Buy milk" } });
const resources = await client.listResources();
const { contents } = await client.readResource({ uri: `tasks://${milk}` });
const prompts = await client.listPrompts();

console.log(
  JSON.stringify({
    tools: tools.map((tool) => tool.name).sort(),
    called: [...new Set(called)].sort(),
    titles: listed.tasks.map((task) => task.title),
    description,
    completed,
    refusal: refused.isError && refused.content[0].text,
    resources: resources.resources.length,
    resource: JSON.parse(contents[0].text).title,
    prompts: prompts.prompts.length,
  }),
);
await client.close();
