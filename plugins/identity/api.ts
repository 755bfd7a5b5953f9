/** The types of this plugin's operations, for its screens. Types only: no code of the server reaches a browser. */
import type { ApiOf } from "../../core/mod.ts";
import type { browserRoutes } from "./login/routes_browser.ts";
import type { lockRoutes } from "./lock/routes.ts";
import type { hotelRoutes } from "./hotels/routes.ts";
import type { authRoutes } from "./login/routes.ts";
import type { sessionRoutes } from "./sessions/routes.ts";
import type { userRoutes } from "./staff/routes.ts";

export type IdentityApi = ApiOf<
  | ReturnType<typeof hotelRoutes>[number]
  | ReturnType<typeof authRoutes>[number]
  | ReturnType<typeof browserRoutes>[number]
  | ReturnType<typeof lockRoutes>[number]
  | ReturnType<typeof sessionRoutes>[number]
  | ReturnType<typeof userRoutes>[number]
>;
