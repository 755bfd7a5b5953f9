import type { PluginContext } from "../../core/mod.ts";
import type { manifest } from "./manifest.ts";

/** What this plugin gets from the core, by its manifest. */
export type PmsContext = PluginContext<typeof manifest>;
