/** Routes of a front end beside Better Auth's: its own token route, and controls for tests (`/test/…`). */
import { createJwk } from "better-auth/plugins";
import { SignJWT } from "jose";
import { jwtOptions } from "./auth.mjs";
import { oauthTokens } from "./oauth.mjs";

/** Routes by method and path; each one is a function from Request to Response, as in Next.js. */
export function createRoutes({ auth, origin, config, outbox }) {
  const jwks = { fetches: 0, down: false };
  return {
    "GET /api/token": (request) => tokenRoute(auth, request),
    "GET /api/auth/jwks": (request) => jwksRoute(auth, jwks, request),
    "GET /test/server-token": async ({ headers }) => Response.json(await auth.api.getToken({ headers })),
    "GET /test/stats": () => Response.json({ jwksFetches: jwks.fetches }),
    "POST /test/outage": async (request) => {
      jwks.down = (await request.json()).jwks;
      return done();
    },
    "POST /test/rotate": async () => {
      await rotate(await auth.$context, jwtOptions(origin, config));
      return done();
    },
    "GET /test/verification-token": (request) => verificationRoute(outbox, request),
    "GET /test/oauth-tokens": async (request) => Response.json(await oauthTokens(auth, origin, request.headers)),
  };
}

/** The route that a Next.js front end writes by hand: its session becomes an HS256 token with the shared secret. */
async function tokenRoute(auth, request) {
  const session = await auth.api.getSession({ headers: request.headers });
  if (!session) return Response.json({ error: "Sign in first." }, { status: 401 });
  const { secret } = await auth.$context;
  const token = await new SignJWT({ email: session.user.email })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(session.user.id)
    .setIssuedAt()
    .setExpirationTime("15m")
    .sign(new TextEncoder().encode(secret));
  return Response.json({ token });
}

function jwksRoute(auth, jwks, request) {
  jwks.fetches += 1;
  return jwks.down ? new Response("Service Unavailable", { status: 503 }) : auth.handler(request);
}

function verificationRoute(outbox, request) {
  const token = outbox.get(new URL(request.url).searchParams.get("email"));
  return token ? Response.json({ token }) : new Response("Nothing was sent there.", { status: 404 });
}

/** Rotate the keys as at the end of a rotationInterval: a new key signs from now on. */
async function rotate(context, options) {
  await context.adapter.updateMany({ model: "jwks", where: [], update: { expiresAt: new Date() } });
  await createJwk({ context }, options);
}

const done = () => new Response(null, { status: 204 });
