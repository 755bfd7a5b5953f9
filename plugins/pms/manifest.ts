import { defineManifest } from "../../core/mod.ts";
import { hotelSettingsColumns } from "../identity/port.ts";

export const manifest = defineManifest({
  id: "pms",
  summary: "Rooms, rates, bookings and the front desk.",
  requires: ["identity"],
  permissions: {
    tables: { "identity.hotels": { select: hotelSettingsColumns } },
  },
});
