import { definePlugin, defineManifest } from "../../core/mod.ts";
export default definePlugin({ manifest: defineManifest({ id: "pms", summary: "x" }), setup: () => ({ jobs: [] }) });
