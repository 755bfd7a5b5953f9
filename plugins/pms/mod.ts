import { definePlugin } from "../../core/mod.ts";
import { bookingRoutes } from "./bookings/routes.ts";
import { operationRoutes } from "./bookings/routes_operations.ts";
import { closeOverdueDays } from "./desk/close_overdue_days.ts";
import { deskRoutes } from "./desk/routes.ts";
import { closePreviewRoutes } from "./desk/routes_close_preview.ts";
import { guestRoutes } from "./guests/routes.ts";
import { manifest } from "./manifest.ts";
import { currencyRoutes } from "./rates/routes_currency.ts";
import { rateRoutes } from "./rates/routes.ts";
import { availabilityRoutes } from "./desk/routes_availability.ts";
import { boardRoutes } from "./desk/routes_board.ts";
import { chartRoutes } from "./desk/routes_tape_chart.ts";
import { typeRoutes } from "./desk/routes_types.ts";
import { closureRoutes } from "./closures/routes.ts";
import { housekeepingRoutes } from "./housekeeping/routes.ts";
import { repackRoutes } from "./bookings/repack/routes.ts";
import { roomTypeRoutes } from "./inventory/routes_room_types.ts";
import { roomBulkRoutes } from "./inventory/routes_rooms_bulk.ts";
import { roomRoutes } from "./inventory/routes_rooms.ts";

export default definePlugin({
  manifest,
  setup: (ctx) => ({
    routes: [
      // Before /rooms/{room_id}: routes match in this order.
      ...availabilityRoutes(),
      ...chartRoutes(),
      ...typeRoutes(),
      ...repackRoutes(),
      ...roomTypeRoutes(ctx),
      ...roomBulkRoutes(ctx),
      ...roomRoutes(ctx),
      ...closureRoutes(),
      ...housekeepingRoutes(),
      ...rateRoutes(),
      ...currencyRoutes(ctx),
      ...bookingRoutes(ctx),
      ...operationRoutes(),
      ...boardRoutes(),
      ...deskRoutes(ctx),
      ...closePreviewRoutes(ctx),
      ...guestRoutes(ctx),
    ],
    schedules: [{ name: "close-overdue-days", everyMs: 5 * 60_000, run: (signal) => closeOverdueDays(ctx, signal) }],
  }),
});
