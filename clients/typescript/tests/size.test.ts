import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";

const INDEX = 'export * from "./src/index.ts";';
const LIVE = 'export * from "./src/live.ts";';
const ADAPTERS = ["better-auth", "tanstack-db", "react-query"].map((name) => `export * from "./src/${name}.ts";`).join("");

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

/** Return the packages that a module imports. */
async function importsOf(contents: string): Promise<string[]> {
  const { metafile } = await build({
    stdin: { contents, resolveDir: process.cwd(), loader: "ts" },
    bundle: true,
    packages: "external",
    metafile: true,
    write: false,
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  return [...new Set(imports.map(({ path }) => path))];
}

test.each([
  ["the client", INDEX, 6_000],
  ["the client with live changes", INDEX + LIVE, 9_000],
])("CLIENT-FR-060: %s is small", async (name, contents, limit) => {
  const bytes = await compressedBytes(contents);
  console.log(`${name}: ${bytes} bytes of at most ${limit}`);
  expect(bytes).toBeLessThan(limit);
});

test("CLIENT-FR-088: the collection adds little, and has no TanStack DB or React Query of its own", async () => {
  const collection = 'export * from "./src/tanstack-db.ts";';
  const queries = 'export * from "./src/react-query.ts";';
  const added = (await compressedBytes(INDEX + LIVE + collection)) - (await compressedBytes(INDEX + LIVE));
  console.log(`the collection: ${added} bytes of at most 6000`);
  expect(added).toBeLessThan(6_000);
  expect(await importsOf(collection + queries)).toEqual([]);
});

test("CLIENT-FR-061: the client needs neither Node nor a page", async () => {
  await build({
    stdin: { contents: `${INDEX}${LIVE}${ADAPTERS}`, resolveDir: process.cwd(), loader: "ts" },
    bundle: true,
    platform: "neutral",
    mainFields: ["module"],
    write: false,
  });
  expect("document" in globalThis).toBe(false); // where all the other tests pass
});
