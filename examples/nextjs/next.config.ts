import type { NextConfig } from "next";

export default {
  turbopack: { root: import.meta.dirname }, // not a folder above with another lock file
} satisfies NextConfig;
