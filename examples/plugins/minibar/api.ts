/** The types of the operations, for the screens. They are types alone, so no code of the server reaches the browser. */
import type { ApiOf } from "#core/mod.ts";
import type { chargeRoutes } from "./routes_charges.ts";
import type { restockRoutes } from "./routes_restock.ts";

export type MinibarApi = ApiOf<ReturnType<typeof chargeRoutes>[number] | ReturnType<typeof restockRoutes>[number]>;
