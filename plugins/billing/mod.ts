import { definePlugin, defineManifest } from "../../core/mod.ts";
export default definePlugin({ manifest: defineManifest({ id: "billing", summary: "x" }), setup: () => ({ jobs: [] }) });
