import { spawn } from "node:child_process";
import { once } from "node:events";

export interface Server {
  stop(): Promise<void>;
}

/** Start a server with the environment of the tests, and wait until it responds. */
export async function startServer(url: string, program: string, ...args: string[]): Promise<Server> {
  const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit"] });
  const ended = once(child, "exit");
  while (!(await fetch(url).then(({ ok }) => ok, () => false))) {
    if (child.exitCode !== null) throw new Error(`${program} ${args.join(" ")} has ended.`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    async stop() {
      child.kill();
      await ended;
    },
  };
}

/** Return a variable of the environment, which `tests/e2e/test_example.py` sets. */
export function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; run 'uv run pytest -n 0 tests/e2e/test_example.py'.`);
  return value;
}
