import { required, startServer } from "./server.js";

/** Serve the app that was built for all tests. */
export default async function setup() {
  const url = new URL(required("BETTER_AUTH_URL"));
  const next = ["node_modules/next/dist/bin/next", "start", `--hostname=${url.hostname}`, `--port=${url.port}`];
  const app = await startServer(`${url.origin}/sign-in`, process.execPath, ...next);
  return () => app.stop();
}
