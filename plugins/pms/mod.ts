import { definePlugin } from "../../core/mod.ts";
import { manifest } from "./manifest.ts";
import { availabilityRoutes } from "./routes_availability.ts";
import { bookingRoutes } from "./routes_bookings.ts";
import { operationRoutes } from "./routes_operations.ts";
import { roomTypeRoutes } from "./routes_room_types.ts";
import { roomRoutes } from "./routes_rooms.ts";

export default definePlugin({
  manifest,
  setup: () => ({
    // Before /rooms/{room_id}: routes match in this order.
    routes: [...availabilityRoutes(), ...roomTypeRoutes(), ...roomRoutes(), ...bookingRoutes(), ...operationRoutes()],
  }),
});
