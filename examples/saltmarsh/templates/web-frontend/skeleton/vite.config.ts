import { defineConfig } from "vite";

export default defineConfig({
  server: { port: ${{ values.port }} },
  build: { target: "es2022", sourcemap: true },
});
