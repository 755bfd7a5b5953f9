import type { PmsApi } from "../../api.ts";

/** A booking in a list. */
export type Booking = PmsApi["listBookings"]["result"]["items"][number];
