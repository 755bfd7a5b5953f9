/** Everything that this plugin may touch. What is absent is denied: by the types, by the core, and by PostgreSQL. */
import { defineManifest } from "#core/mod.ts";
import { hotelSettingsColumns } from "#plugins/identity/port.ts";

import { listRestock } from "./jobs.ts";

export const manifest = defineManifest({
  // The name of the folder, of the schema in PostgreSQL, and of the queue of its jobs.
  id: "minibar",
  summary: "Charges what a guest takes from the minibar to the booking, and lists what to refill.",
  // Whose port.ts may be imported, and whose tables may be asked for below.
  requires: ["identity", "pms"],
  permissions: {
    tables: {
      // For `readHotel` of identity's port: the currency and the business date.
      "identity.hotels": { select: hotelSettingsColumns },
      // Whether the booking is this hotel's, and whether its guest is here. Not who the guest is: that is not asked for.
      "pms.bookings": { select: ["hotel_id", "booking_id", "status"] },
    },
    jobs: [listRestock],
  },
});
