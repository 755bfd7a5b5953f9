/** The only file of the PMS that other plugins can import. */

/** The states of a booking; `bookings/rules/booking_state.ts` has the transitions. */
export const bookingStatuses = ["confirmed", "in_house", "checked_out", "canceled", "no_show"] as const;
export type BookingStatus = (typeof bookingStatuses)[number];
