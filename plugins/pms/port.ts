/** What other plugins may import of the PMS. */

/** The states of a booking; `booking_state.ts` says how one leads to another. */
export const bookingStatuses = ["confirmed", "in_house", "checked_out", "canceled", "no_show"] as const;
export type BookingStatus = (typeof bookingStatuses)[number];
