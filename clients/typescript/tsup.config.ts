import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/better-auth.ts", "src/live.ts", "src/react-query.ts", "src/tanstack-db.ts"],
  format: "esm",
  target: "es2022",
  platform: "neutral",
  clean: true,
});
