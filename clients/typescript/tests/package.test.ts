import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const npm = (...command: string[]) => execFileSync("npm", command, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

test("CLIENT-FR-049: the package has the JavaScript and the types of each entry, and nothing that types import is missing", () => {
  npm("run", "--silent", "build");
  const [{ files }] = JSON.parse(npm("pack", "--dry-run", "--json", "--ignore-scripts")) as [{ files: { path: string }[] }];
  const packed = new Set(files.map(({ path }) => `./${path}`));
  const { main, types, exports } = JSON.parse(readFileSync("package.json", "utf8"));
  const entries: string[] = [main, types, ...Object.values(exports as Record<string, object>).flatMap(Object.values)];
  const imported = [...packed].filter((path) => path.endsWith(".d.ts")).flatMap((path) =>
    [...readFileSync(path, "utf8").matchAll(/from "(\.\/[^"]+)\.js"/g)].map(([, name]) => `./dist/${name?.slice(2)}.d.ts`),
  );
  expect([...entries, ...imported].filter((path) => !packed.has(path))).toEqual([]);
});
