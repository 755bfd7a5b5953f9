import * as z from "zod";

import { defineManifest } from "../../core/mod.ts";
import { hotelSettingsColumns } from "../identity/port.ts";

export const manifest = defineManifest({
  id: "pms",
  summary: "Rooms, rates, bookings and the front desk.",
  requires: ["identity"],
  web: { calls: ["readBoard", "checkIn", "undoCheckIn"] },
  permissions: {
    env: {
      TRIAL_ROOM_TYPES: z.coerce.number().int().min(1).default(100),
      TRIAL_ROOMS: z.coerce.number().int().min(1).default(500),
      TRIAL_BOOKINGS_PER_DAY: z.coerce.number().int().min(1).default(5_000),
    },
    tables: {
      "identity.hotels": {
        select: [...hotelSettingsColumns, "version"],
        // The close of the day rolls the date; the currency may change until the first booking.
        update: ["business_date", "currency", "version"],
      },
    },
    definers: {
      find_guests: "the search of guests needs a trigram index, which row-level security keeps it from",
      find_former_contacts: "the same, of what guests were called and reached by before",
    },
    crossTenant: "a schedule closes days that are still open, in every hotel with the policy day_closes_at",
  },
});
