import type { PluginContext } from "../../core/mod.ts";
import type { manifest } from "./manifest.ts";

/** The context that the core gives this plugin, by its manifest. */
export type IdentityContext = PluginContext<typeof manifest>;
