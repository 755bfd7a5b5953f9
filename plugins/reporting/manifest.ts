import { defineManifest } from "../../core/mod.ts";
import * as z from "zod";

import { hotelSettingsColumns } from "../identity/port.ts";
import { buildReport } from "./jobs.ts";

export const manifest = defineManifest({
  id: "reporting",
  summary: "Builds reports as CSV files of any size in a worker.",
  requires: ["identity", "pms"],
  web: {
    calls: [
      "createArrivalsReport",
      "createBookingsReport",
      "createOccupancyReport",
      "createRevenueReport",
      "deleteReport",
      "listDailyFigures",
      "listReports",
    ],
  },
  permissions: {
    env: {
      // The core reads it: `files` below names it as the location of the files.
      REPORT_STORE: z
        .string()
        .min(1)
        .refine((place) => place.startsWith("s3://") || !place.includes("://"), "must be a folder or start with s3://")
        .optional(),
      TRIAL_SCHEDULES: z.coerce.number().int().min(1).default(5),
      TRIAL_REPORTS_PER_DAY: z.coerce.number().int().min(1).default(200),
      REPORT_TTL_HOURS: z.coerce
        .number()
        .int()
        .min(1)
        .max(24 * 366)
        .default(168),
    },
    tables: {
      "identity.hotels": { select: hotelSettingsColumns },
      "pms.bookings": {
        select: [
          "hotel_id",
          "booking_id",
          "room_id",
          "guest_name",
          "guest_email",
          "guest_phone",
          "adults",
          "children",
          "arrival",
          "departure",
          "check_in_at",
          "expected_check_out_at",
          "checked_in_at",
          "checked_out_at",
          "status",
          "total_amount",
          "rack_amount",
          "waived_amount",
          "currency",
          "terms_accepted_at",
          "notes",
          "created_by",
          "created_at",
        ],
      },
      "pms.rooms": {
        select: ["hotel_id", "room_id", "room_number", "sort_key", "room_type_id", "status", "retired_from"],
      },
      "pms.room_types": { select: ["hotel_id", "room_type_id", "name"] },
      "pms.booking_nights": {
        select: ["hotel_id", "booking_id", "room_id", "room_type_id", "date", "rate", "rack_rate", "released"],
      },
      "pms.occupancies": { select: ["hotel_id", "room_id", "booking_id", "arrival", "departure"] },
      "pms.daily_figures": {
        select: ["hotel_id", "business_date", "rooms", "out_of_order", "sold", "room_revenue"],
      },
    },
    jobs: [buildReport],
    crossTenant: "one schedule expires the files of all hotels, and one requests their scheduled reports",
    files: { reason: "the CSV files that managers download", location: "REPORT_STORE" },
  },
});
