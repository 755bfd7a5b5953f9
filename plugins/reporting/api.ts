/** The types of this plugin's operations, for its screens. Types only: no code of the server reaches a browser. */
import type { ApiOf } from "../../core/mod.ts";
import type { reportRoutes } from "./requests/routes.ts";
import type { scheduleRoutes } from "./schedules/routes.ts";

export type ReportingApi = ApiOf<ReturnType<typeof reportRoutes>[number] | ReturnType<typeof scheduleRoutes>[number]>;
