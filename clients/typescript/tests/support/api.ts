import { createHmac, randomUUID } from "node:crypto";
import { createTaskClient, type TaskClientOptions } from "../../src/index.js";

/** The API that `tests/e2e/test_typescript_client.py` has started, and the secret of its tokens. */
export const API_URL = required("API_URL");
const SECRET = required("BETTER_AUTH_SECRET");

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; run 'uv run pytest tests/e2e/test_typescript_client.py'.`);
  return value;
}

/** Sign a token as a front end with the shared secret does; the API expects the user in the claim `sub`. */
export function mint(user: string, seconds = 900, claim = "sub"): string {
  const now = Math.floor(new Date().getTime() / 1000); // not Date.now, which a test sets wrong
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const body = `${encode({ alg: "HS256", typ: "JWT" })}.${encode({ [claim]: user, iat: now, exp: now + seconds, jti: randomUUID() })}`;
  return `${body}.${createHmac("sha256", SECRET).update(body).digest("base64url")}`;
}

export const newUser = () => `user-${randomUUID()}`;

/** Make a client of a new user. */
export function newClient(options: Partial<TaskClientOptions> & { user?: string } = {}) {
  const { user = newUser(), ...others } = options;
  return createTaskClient({ baseUrl: API_URL, getToken: () => mint(user), ...others });
}

/** Wait for a condition. */
export async function until(condition: () => boolean | Promise<boolean>, seconds = 10): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Not within ${seconds} s: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
