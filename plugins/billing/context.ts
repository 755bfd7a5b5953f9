import type { PluginContext } from "../../core/mod.ts";
import type { manifest } from "./manifest.ts";

/** The context that the core gives to this plugin, by its manifest. */
export type BillingContext = PluginContext<typeof manifest>;
