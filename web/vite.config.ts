import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

const server = process.env.RONDO_SERVER ?? "http://localhost:8080";

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: "es2022",
    // The polyfill would be an inline script, which the content security policy forbids.
    modulePreload: { polyfill: false },
    // Nothing is inlined as data: URLs; the policy allows images from the server only.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  server: {
    proxy: {
      "/api": server,
      "/media": server,
    },
  },
  test: {
    include: ["src/**/*.test.ts"],
    environment: "node",
  },
});
