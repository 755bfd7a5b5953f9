/** Everything that this plugin can use. The types, the core and PostgreSQL deny everything else. */
import { defineManifest } from "#core/mod.ts";
import { hotelSettingsColumns } from "#plugins/identity/port.ts";

import { listRestock } from "./jobs.ts";

export const manifest = defineManifest({
  // Names the folder, the schema in PostgreSQL, and the queue of its jobs.
  id: "minibar",
  summary: "Charges minibar items to the booking, and lists the items to refill.",
  // Allows imports of their port.ts, and permissions for their tables below.
  requires: ["identity", "pms"],
  // The operations that the screens in `web/` call: its own, and those of the plugins that it requires.
  web: {
    calls: ["chargeMinibar", "listBookings", "listMinibarCharges", "readMinibarRestockList", "takeBackMinibarCharge"],
  },
  permissions: {
    tables: {
      // `readHotel` of identity's port needs the currency and the business date.
      "identity.hotels": { select: hotelSettingsColumns },
      // Shows whether the booking belongs to this hotel and its guest is in house. The guest's name is not requested.
      "pms.bookings": { select: ["hotel_id", "booking_id", "status"] },
    },
    jobs: [listRestock],
  },
});
