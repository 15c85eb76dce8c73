import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    globalSetup: "tests/support/app.ts",
    fileParallelism: false, // the files start the API at the same port
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
