/** The types of this plugin's operations, for its screens. Types only: no code of the server reaches a browser. */
import type { ApiOf } from "../../core/mod.ts";
import type { routes } from "./routes.ts";

export type BillingApi = ApiOf<ReturnType<typeof routes>[number]>;
