/** The types of this plugin's operations, for its screens. Types only: no code of the server reaches a browser. */
import type { ApiOf } from "../../core/mod.ts";
import type { repackRoutes } from "./bookings/repack/routes.ts";
import type { bookingRoutes } from "./bookings/routes.ts";
import type { operationRoutes } from "./bookings/routes_operations.ts";
import type { closureRoutes } from "./closures/routes.ts";
import type { deskRoutes } from "./desk/routes.ts";
import type { boardRoutes } from "./desk/routes_board.ts";
import type { closePreviewRoutes } from "./desk/routes_close_preview.ts";
import type { availabilityRoutes } from "./desk/routes_availability.ts";
import type { chartRoutes } from "./desk/routes_tape_chart.ts";
import type { typeRoutes } from "./desk/routes_types.ts";
import type { guestRoutes } from "./guests/routes.ts";
import type { housekeepingRoutes } from "./housekeeping/routes.ts";
import type { roomTypeRoutes } from "./inventory/routes_room_types.ts";
import type { roomBulkRoutes } from "./inventory/routes_rooms_bulk.ts";
import type { roomRoutes } from "./inventory/routes_rooms.ts";
import type { rateRoutes } from "./rates/routes.ts";
import type { currencyRoutes } from "./rates/routes_currency.ts";

export type PmsApi = ApiOf<
  | ReturnType<typeof boardRoutes>[number]
  | ReturnType<typeof deskRoutes>[number]
  | ReturnType<typeof closePreviewRoutes>[number]
  | ReturnType<typeof bookingRoutes>[number]
  | ReturnType<typeof operationRoutes>[number]
  | ReturnType<typeof repackRoutes>[number]
  | ReturnType<typeof guestRoutes>[number]
  | ReturnType<typeof currencyRoutes>[number]
  | ReturnType<typeof rateRoutes>[number]
  | ReturnType<typeof availabilityRoutes>[number]
  | ReturnType<typeof chartRoutes>[number]
  | ReturnType<typeof typeRoutes>[number]
  | ReturnType<typeof closureRoutes>[number]
  | ReturnType<typeof housekeepingRoutes>[number]
  | ReturnType<typeof roomTypeRoutes>[number]
  | ReturnType<typeof roomBulkRoutes>[number]
  | ReturnType<typeof roomRoutes>[number]
>;
