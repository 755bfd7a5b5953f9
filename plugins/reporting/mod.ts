import { definePlugin, defineManifest } from "../../core/mod.ts";
export default definePlugin({
  manifest: defineManifest({ id: "reporting", summary: "x" }),
  setup: () => ({ jobs: [] }),
});
