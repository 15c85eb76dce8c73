/** Better Auth itself, configured as a test requires. */
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { getAuthTables } from "better-auth/db";
import { jwt } from "better-auth/plugins";
import { mcp } from "@better-auth/mcp";
import { oauthProvider } from "@better-auth/oauth-provider";
import { SignJWT } from "jose";

/**
 * @param {object} frontEnd
 * @param {string} frontEnd.origin Better Auth's baseURL.
 * @param {object} frontEnd.config See server.mjs.
 * @param {Map<string, string>} frontEnd.outbox Where verification tokens go instead of an e-mail, by address.
 */
export function createAuth({ origin, config, outbox }) {
  return betterAuth({
    baseURL: baseURL(origin, config),
    database: inMemory,
    emailAndPassword: { enabled: true },
    emailVerification: {
      sendOnSignUp: true,
      sendVerificationEmail: async ({ user, token }) => void outbox.set(user.email, token),
    },
    session: { cookieCache: cookieCache(config) },
    plugins: [...jwtPlugins(origin, config), ...oauthPlugins(origin, config)],
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
  });
}

/** With preview hosts, the issuer is the origin of each request's host, as on Vercel. */
function baseURL(origin, { previewHosts }) {
  return previewHosts ? { allowedHosts: [new URL(origin).host, previewHosts], protocol: "http" } : origin;
}

// Leaving `database` out is not the same: Better Auth would then keep sessions in cookies only.
function inMemory(options) {
  const tables = Object.keys(getAuthTables(options)).map((name) => [name, []]);
  return memoryAdapter(Object.fromEntries(tables))(options);
}

function cookieCache({ cookieCache: strategy }) {
  return strategy ? { enabled: true, strategy: strategy === "jwks" ? "jwt" : strategy } : undefined;
}

function jwtPlugins(origin, config) {
  return config.pluginAlgorithm ? [jwt(jwtOptions(origin, config))] : [];
}

/** Options of the jwt plugin of this front end. */
export function jwtOptions(origin, config) {
  const { pluginAlgorithm: alg, rotationInterval, gracePeriod } = config;
  if (alg === "HS256") return sharedSecretSigning(origin, config.secret);
  return {
    sessionCookieCache: config.cookieCache === "jwks",
    jwks: { keyPairConfig: { alg }, rotationInterval, gracePeriod },
    jwt: config.explicitIssuer ? { issuer: origin } : undefined,
  };
}

// The plugin knows no HS256; it accepts a custom signer, but only together with a remote JWKS.
function sharedSecretSigning(origin, secret) {
  const key = new TextEncoder().encode(secret);
  return {
    jwks: { remoteUrl: `${origin}/jwks`, keyPairConfig: { alg: "HS256" } },
    jwt: { sign: (payload) => new SignJWT(payload).setProtectedHeader({ alg: "HS256", typ: "JWT" }).sign(key) },
  };
}

function oauthPlugins(origin, config) {
  if (config.mcpResource) return [mcp(mcpOptions(config))];
  if (!config.oauthProvider) return [];
  return [
    oauthProvider({
      loginPage: "/sign-in",
      consentPage: "/consent",
      resources: [origin],
      enforcePerClientResources: false,
    }),
  ];
}

function mcpOptions({ mcpResource, accessTokenSeconds }) {
  return {
    loginPage: "/sign-in",
    consentPage: "/consent",
    resource: mcpResource,
    resources: ["https://another-api.example.com/mcp"],
    clientRegistrationDefaultResources: ["https://another-api.example.com/mcp"],
    scopes: ["openid", "offline_access", "tasks:read", "tasks:write"],
    accessTokenExpiresIn: accessTokenSeconds,
    allowDynamicClientRegistration: true,
    allowUnauthenticatedClientRegistration: true,
  };
}
