/**
 * The state machine of a booking.
 *
 *     confirmed --check_in--> in_house --check_out--> checked_out
 *     confirmed --cancel----> canceled
 *     confirmed --no_show---> no_show
 *
 *     in_house --undo_check_in--> confirmed       checked_out --undo_check_out--> in_house
 *     canceled, no_show --reinstate--> confirmed
 *
 * A booking is `confirmed` when it is made: there are no options or waiting lists in it, because it holds a room, and a
 * held room can't be sold again. `in_house` means that somebody has the key. The end states keep the booking for the
 * books; what they free is the nights, in `occupancies`. Whether a guest is due in, due out or overdue is no state: it
 * follows from the dates and the business date, and a stored copy of it would be wrong after every close of the day.
 *
 * The ways back are for what was typed wrongly at the desk, so they are open on the business date of the mistake alone
 * (`status_on`; for a check-in `checked_in_on`, since an undone check-out is no new one): after that, figures have been
 * written that the way back would falsify. A way back takes the nights again like any other booking, and is refused where
 * somebody else has them by now.
 *
 * A no-show of the day that was just closed can be reinstated on the next business date, whether the close marked it or the
 * desk did before. Its guest arrives after the close, with that night still to be slept.
 *
 * Every change of state goes through `transition` with the booking's row locked, so that of two desks that act at once
 * the second sees what the first did, and is told which moves are left.
 */
import { addDays, type Day } from "../../../../core/mod.ts";
import { pmsProblems } from "../../errors.ts";
import type { Booking } from "../../models/booking.ts";
import type { BookingStatus } from "../../port.ts";

interface Edge {
  readonly from: readonly BookingStatus[];
  readonly to: BookingStatus;
  /** A way back: open on the business date on which the present state was reached. */
  readonly back?: true;
}

const moves = {
  check_in: { from: ["confirmed"], to: "in_house" },
  check_out: { from: ["in_house"], to: "checked_out" },
  cancel: { from: ["confirmed"], to: "canceled" },
  no_show: { from: ["confirmed"], to: "no_show" },
  undo_check_in: { from: ["in_house"], to: "confirmed", back: true },
  undo_check_out: { from: ["checked_out"], to: "in_house", back: true },
  reinstate: { from: ["canceled", "no_show"], to: "confirmed", back: true },
} as const satisfies Record<string, Edge>;

export type Move = keyof typeof moves;

type State = Pick<Booking, "status" | "status_on" | "checked_in_on" | "arrival">;

/** The business date of what a way back undoes. */
const reachedOn = ({ status, status_on: since, checked_in_on: checkedIn }: State): Day =>
  status === "in_house" ? (checkedIn ?? since) : since;

/** Whether the way back from a booking's state is open. A no-show that the close marks is one since the next business date. */
function isWayBackOpen(booking: State, today: Day): boolean {
  const { status, status_on: since, arrival } = booking;
  return reachedOn(booking) === today || (status === "no_show" && since === arrival && addDays(since, 1) === today);
}

/** The moves that a state allows; of the ways back, only those that are still open. */
function movesFrom(booking: State, today: Day): Move[] {
  return (Object.keys(moves) as Move[]).filter((move) => {
    const edge: Edge = moves[move];
    return edge.from.includes(booking.status) && (edge.back !== true || isWayBackOpen(booking, today));
  });
}

/**
 * The state after a move.
 * @throws Problem ILLEGAL_TRANSITION, naming the state and the moves that it allows; WRONG_DAY for a way back too late
 */
export function transition(
  booking: State,
  move: Move,
  today: Day,
): { readonly status: BookingStatus; readonly status_on: Day } {
  const edge: Edge = moves[move];
  if (!edge.from.includes(booking.status)) throw illegalTransition(booking, today);
  if (edge.back === true && !isWayBackOpen(booking, today)) {
    const since = reachedOn(booking);
    throw pmsProblems.WRONG_DAY(
      `The booking has been ${booking.status} since ${since}, and the business date is ${today}: that day is closed.`,
      { members: { business_date: today } },
    );
  }
  return { status: edge.to, status_on: today };
}

/** The refusal of what a booking's state does not allow. */
export function illegalTransition(booking: State, today: Day) {
  const allowed = movesFrom(booking, today);
  return pmsProblems.ILLEGAL_TRANSITION(
    `The booking is ${booking.status}; ${allowed.length === 0 ? "nothing more can be done with it" : `you can ${allowed.join(" or ")}`}.`,
    { members: { booking_status: booking.status, allowed_transitions: allowed } },
  );
}
