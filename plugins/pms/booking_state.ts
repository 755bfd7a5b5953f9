/**
 * The state machine of a booking.
 *
 *     confirmed --check_in--> in_house --check_out--> checked_out
 *     confirmed --cancel----> canceled
 *
 * A booking is `confirmed` when it is made: there are no options or waiting lists in it, because it holds a room, and a
 * held room can't be sold again. `in_house` means that somebody has the key. The end states keep the booking for the
 * books; what they free is the nights, in `occupancies`. Whether a guest is due in, due out or overdue is no state: it
 * follows from the dates and the business date, and a stored copy of it would be wrong every midnight.
 *
 * Every change of state goes through `moveBooking` with the booking's row locked, so that of two desks that act at once
 * the second sees what the first did, and is told which moves are left.
 */
import type { Booking } from "./models/booking.ts";
import { pmsProblems } from "./errors.ts";
import type { BookingStatus } from "./port.ts";

export const moves = {
  check_in: { from: "confirmed", to: "in_house" },
  check_out: { from: "in_house", to: "checked_out" },
  cancel: { from: "confirmed", to: "canceled" },
} as const satisfies Record<string, { readonly from: BookingStatus; readonly to: BookingStatus }>;

export type Move = keyof typeof moves;

/** The moves that a state allows. */
export function movesFrom(status: BookingStatus): Move[] {
  return (Object.keys(moves) as Move[]).filter((move) => moves[move].from === status);
}

/**
 * The state after a move.
 * @throws Problem ILLEGAL_TRANSITION, naming the state and the moves that it allows
 */
export function moveBooking(booking: Pick<Booking, "status">, move: Move): BookingStatus {
  const { from, to } = moves[move];
  if (booking.status === from) return to;
  const allowed = movesFrom(booking.status);
  throw pmsProblems.ILLEGAL_TRANSITION(
    `The booking is ${booking.status}; ${allowed.length === 0 ? "nothing more can be done with it" : `you can ${allowed.join(" or ")}`}.`,
    { members: { booking_status: booking.status, allowed_moves: allowed } },
  );
}
