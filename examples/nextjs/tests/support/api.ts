import { required, startServer } from "./server.js";

export const API_URL = required("NEXT_PUBLIC_API_URL");

/** Start the API as a developer does, on the database of the tests. */
export function startApi() {
  const command = ["-m", "src", "dev", "--no-reload", `--port=${new URL(API_URL).port}`];
  return startServer(`${API_URL}/ready`, required("PYTHON"), ...command);
}
