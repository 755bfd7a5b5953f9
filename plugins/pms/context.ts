import type { PluginContext } from "../../core/mod.ts";
import type { manifest } from "./manifest.ts";

/** The services that the core gives this plugin, by its manifest. */
export type PmsContext = PluginContext<typeof manifest>;
