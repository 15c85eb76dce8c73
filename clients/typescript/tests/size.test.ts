import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";

const INDEX = 'export * from "./src/index.ts";';
const LIVE = 'export * from "./src/live.ts";';

/** Return the bytes that an application downloads for what it imports, with openapi-fetch. */
async function compressedBytes(contents: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: process.cwd(), loader: "ts" },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
  });
  return gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).length;
}

test.each([
  ["the client", INDEX, 6_000],
  ["the client with live changes", INDEX + LIVE, 9_000],
])("CLIENT-FR-060: %s is small", async (name, contents, limit) => {
  const bytes = await compressedBytes(contents);
  console.log(`${name}: ${bytes} bytes of at most ${limit}`);
  expect(bytes).toBeLessThan(limit);
});

test("CLIENT-FR-061: the client needs neither Node nor a page", async () => {
  await build({
    stdin: { contents: `${INDEX}${LIVE}export * from "./src/better-auth.ts";`, resolveDir: process.cwd(), loader: "ts" },
    bundle: true,
    platform: "neutral",
    mainFields: ["module"],
    write: false,
  });
  expect("document" in globalThis).toBe(false); // where all the other tests pass
});
