import { defineConfig } from "vite";

// File names carry no hash: the host serves them with an ETag, and the .NET build knows its one output by name.
export default defineConfig({
  base: "/islands/",
  publicDir: false,
  logLevel: "warn",
  build: {
    outDir: "src/Basin.Host/wwwroot/islands",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { islands: "src/Basin.Host/Islands/islands.ts" },
      output: { entryFileNames: "[name].js", chunkFileNames: "[name].js", assetFileNames: "[name][extname]" },
    },
  },
});
