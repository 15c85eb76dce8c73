import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/better-auth.ts", "src/live.ts"],
  format: "esm",
  target: "es2022",
  platform: "neutral",
  clean: true,
});
