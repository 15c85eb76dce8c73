/**
 * A front end with Better Auth on 127.0.0.1; its first line of output is `{"url": "http://127.0.0.1:<port>"}`.
 *
 *   node server.mjs '{"secret": "…", "pluginAlgorithm": "EdDSA"}'
 *
 *   secret            BETTER_AUTH_SECRET
 *   secrets           BETTER_AUTH_SECRETS, "2:new,1:old"; the first one signs
 *   pluginAlgorithm   adds the jwt plugin: EdDSA, ES256, ES512, RS256, PS256, or HS256 (its custom signer)
 *   rotationInterval  seconds after which the plugin takes a new key
 *   gracePeriod       seconds for which a replaced key stays in the JWKS
 *   explicitIssuer    true names the origin as the plugin's issuer, which the OAuth provider then adopts
 *   cookieCache       the session_data cookie: compact, jwt, jwe, or jwks (jwt, signed by the plugin)
 *   previewHosts      a pattern of further hosts, app-git-*.example.test; the issuer is then that of each request's host
 *   mcpResource       adds the plugin mcp, with the URL of an MCP server as its resource; it needs the jwt plugin
 *   accessTokenSeconds  the lifetime of its access tokens
 *   oauthProvider     true adds the OAuth provider plugin; it needs the jwt plugin
 *
 * It ends on SIGTERM and when its standard input closes, so it never outlives the process that started it.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { toNodeHandler } from "better-auth/node";
import { createAuth } from "./auth.mjs";
import { createRoutes } from "./routes.mjs";

process.stdin.resume().once("close", () => process.exit());

// Better Auth logs there; only the first line of standard output is read.
console.log = console.info = console.error;

const config = JSON.parse(process.argv[2], (_, value) => value ?? undefined);
// Better Auth reads its list of secrets from here only, and the one of the developer's shell must not be used.
process.env.BETTER_AUTH_SECRETS = config.secrets ?? "";
process.env.BETTER_AUTH_SECRET = config.secret;

const server = createServer().listen(0, "127.0.0.1");
await once(server, "listening");
const origin = `http://127.0.0.1:${server.address().port}`;
const frontEnd = { origin, config, outbox: new Map() };
const auth = createAuth(frontEnd);
await auth.$context;
const routes = createRoutes({ ...frontEnd, auth });
server.on("request", toNodeHandler(respond));
process.stdout.write(`${JSON.stringify({ url: origin })}\n`);

async function respond(request) {
  const route = routes[`${request.method} ${new URL(request.url).pathname}`] ?? auth.handler;
  try {
    return await route(request);
  } catch (error) {
    console.error(error);
    return new Response(String(error), { status: 500 });
  }
}
