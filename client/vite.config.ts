// How the page is built, served in development and tested. The server serves dist/ under a content security policy without
// inline scripts, so nothing here may inline one.
import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { "@wire": here("../shared/api.gen.ts"), "@": here("./src") } },
  server: {
    port: 5173,
    proxy: { "/api": { target: process.env.LLM_TUNER_API ?? "http://127.0.0.1:5000" } },
  },
  build: {
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // light-dark() in tokens.css is used as it is.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    manifest: true,
  },
  test: {
    environment: "jsdom",
    environmentOptions: { jsdom: { url: "http://localhost:5000/" } },
    setupFiles: ["./src/test/setup.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
    // Generous, because a machine that trains at the same time is slow.
    testTimeout: 20_000,
    expect: { poll: { timeout: 5_000 } },
    restoreMocks: true,
    unstubGlobals: true,
  },
});
