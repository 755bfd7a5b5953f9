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
 * A new booking is `confirmed`. It has a room from the start, and no other booking can get that room for these nights.
 * So the hotel has no tentative bookings and no waiting list. `in_house` means that the guest has the key. In an end
 * state, the booking remains for the accounts, and its nights in `pms.occupancies` are free again.
 *
 * Due in, due out and overdue are not states. They follow from the dates and the business date. A stored copy would be
 * wrong after every close of the day.
 *
 * The undo transitions correct mistakes of the desk. They are open only on the business date of the mistake: later,
 * they would contradict the figures of the closed day. The column `status_on` has that date. For a check-in it is
 * `checked_in_on`, because an undone check-out changes `status_on`. An undo allocates the nights again like a new
 * booking, and is refused if another booking has one of them.
 *
 * A no-show of the day that was just closed can be reinstated on the next business date. It does not matter whether
 * the close marked it or the desk did. The guest arrives after the close and still sleeps that night.
 *
 * Every change of state calls `transition` with the booking's row locked. If two receptionists act at once, the second
 * request sees the new state, and its refusal names the transitions that are allowed.
 */
import * as z from "zod";

import { addDays, type Day } from "../../../../core/mod.ts";
import { pmsProblems } from "../../errors.ts";
import type { Booking } from "../../models/booking.ts";
import type { BookingStatus } from "../../port.ts";

interface TransitionRule {
  readonly from: readonly BookingStatus[];
  readonly to: BookingStatus;
  /** An undo is open only on the business date on which the booking reached its state. */
  readonly isUndo?: true;
  /** Whether the dates of the stay allow it on a business date. Default: on each one. */
  readonly isOpen?: (stay: Pick<Booking, "arrival" | "departure">, today: Day) => boolean;
}

const transitions = {
  check_in: {
    from: ["confirmed"],
    to: "in_house",
    isOpen: ({ arrival, departure }, today) => arrival <= today && today <= departure,
  },
  check_out: { from: ["in_house"], to: "checked_out" },
  cancel: { from: ["confirmed"], to: "canceled" },
  no_show: { from: ["confirmed"], to: "no_show", isOpen: ({ arrival }, today) => arrival <= today },
  undo_check_in: { from: ["in_house"], to: "confirmed", isUndo: true },
  undo_check_out: { from: ["checked_out"], to: "in_house", isUndo: true },
  reinstate: {
    from: ["canceled", "no_show"],
    to: "confirmed",
    isUndo: true,
    isOpen: ({ departure }, today) => today <= departure,
  },
} as const satisfies Record<string, TransitionRule>;

export type Transition = keyof typeof transitions;

// Object.keys returns string[]; the object has exactly the keys of the type.
const allTransitions = Object.keys(transitions) as Transition[];

export const allowedTransitionsSchema = z.array(z.enum(allTransitions)).meta({
  description:
    "The changes of state that are possible on the business date. The room can still refuse one: " +
    "another guest is in it, or it has not been cleaned.",
});

type State = Pick<Booking, "status" | "status_on" | "checked_in_on" | "arrival" | "departure">;

/** Returns the business date on which the booking reached the state that an undo would end. */
const stateReachedOn = ({ status, status_on: since, checked_in_on: checkedIn }: State): Day =>
  status === "in_house" ? (checkedIn ?? since) : since;

/**
 * Whether the booking's state can be undone. A no-show that the close marked has `status_on` of the next business
 * date.
 */
function isUndoOpen(booking: State, today: Day): boolean {
  const { status, status_on: since, arrival } = booking;
  return (
    stateReachedOn(booking) === today || (status === "no_show" && since === arrival && addDays(since, 1) === today)
  );
}

/**
 * Returns the transitions that the booking's state and dates allow on a business date. An undo that is no longer open
 * is not among them.
 */
export function allowedTransitions(booking: State, today: Day): Transition[] {
  return allTransitions.filter((name) => {
    const rule: TransitionRule = transitions[name];
    if (!rule.from.includes(booking.status)) return false;
    return (rule.isUndo !== true || isUndoOpen(booking, today)) && rule.isOpen?.(booking, today) !== false;
  });
}

/**
 * Returns the booking's columns after a transition.
 * @throws Problem ILLEGAL_TRANSITION, with the state and its allowed transitions; WRONG_DAY for an undo after its day
 */
export function transition(
  booking: State,
  name: Transition,
  today: Day,
): { readonly status: BookingStatus; readonly status_on: Day } {
  const rule: TransitionRule = transitions[name];
  if (!rule.from.includes(booking.status)) throw illegalTransition(booking, today);
  if (rule.isUndo === true && !isUndoOpen(booking, today)) {
    const since = stateReachedOn(booking);
    throw pmsProblems.WRONG_DAY(
      `The booking has been ${booking.status} since ${since}, and the business date is ${today}: that day is closed.`,
      { members: { business_date: today } },
    );
  }
  return { status: rule.to, status_on: today };
}

/** Makes the refusal of an operation that the booking's state does not allow. */
export function illegalTransition(booking: State, today: Day) {
  const allowed = allowedTransitions(booking, today);
  const options = allowed.length === 0 ? "nothing more can be done with it" : `you can ${allowed.join(" or ")}`;
  return pmsProblems.ILLEGAL_TRANSITION(`The booking is ${booking.status}; ${options}.`, {
    members: { booking_status: booking.status, allowed_transitions: allowed },
  });
}
