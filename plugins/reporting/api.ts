/** The types of this plugin's operations, for its screens. Types only: no code of the server reaches a browser. */
import type { ApiOf } from "../../core/mod.ts";
import type { reportRoutes } from "./requests/routes.ts";
import type { scheduleRoutes } from "./schedules/routes.ts";

/** `POST /reports/{kind}`. Its routes are made from a list of kinds, so their types are written here. */
interface CreateReport {
  readonly params: undefined;
  readonly query: undefined;
  readonly body: { readonly from?: string; readonly to?: string; readonly for?: "spreadsheet" };
  readonly result: { readonly report_id: string };
}

export type ReportingApi = ApiOf<
  ReturnType<typeof reportRoutes>[number] | ReturnType<typeof scheduleRoutes>[number]
> & {
  readonly createBookingsReport: CreateReport;
  readonly createArrivalsReport: CreateReport;
  readonly createOccupancyReport: CreateReport;
  readonly createRevenueReport: CreateReport;
};
