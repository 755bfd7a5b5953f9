import * as z from "zod";

import { daySchema, idSchema, route, textSchema, type Trx } from "../../../core/mod.ts";
import { managers, type Role, staff } from "../../identity/port.ts";
import { Override, overrideSchema } from "../rates/restrictions.ts";
import { type ChangeContext, changeContextOf } from "../booking_record/change.ts";
import { move, swap } from "./move.ts";
import { cancel, checkIn, checkOut, markNoShow, undoCheckIn, undoCheckOut } from "./check_in_out.ts";
import { reinstate } from "./reinstate.ts";
import { bookingSchema, readChangedBooking } from "./views.ts";
import { undoWaiver, waiveCharge } from "./waive_charge.ts";

const params = z.strictObject({ booking_id: idSchema });

/** An operation that changes one booking and writes its history. */
interface Operation<I extends string, B extends z.ZodType> {
  readonly id: I;
  /** The word in its path. */
  readonly word: string;
  readonly summary: string;
  readonly description?: string;
  readonly body: B;
  /** The roles that can call it. Default: all staff. */
  readonly access?: readonly Role[];
  readonly problems?: readonly string[];
  readonly run: (trx: Trx, change: ChangeContext, bookingId: string, body: z.output<B>) => Promise<void>;
}

const withReason = z.strictObject({ reason: textSchema(500).meta({ examples: ["the guest was in hospital"] }) });
const nothing = z.strictObject({});
const acceptance = {
  accept_dirty_room: z
    .boolean()
    .optional()
    .meta({ description: "The desk accepts a dirty room. The policy `warn` asks for this." }),
};
const roomProblems = ["ROOM_TAKEN", "ROOM_OUT_OF_ORDER", "ROOM_RETIRED", "ROOM_NOT_READY", "WRONG_DAY"];
const overriding = { override_restrictions: overrideSchema.optional() };
const moveProblems = [...roomProblems, "ROOM_LOCKED", "TOO_MANY_GUESTS", "CLOSED_TO_ARRIVAL", "MINIMUM_STAY"];

export function operationRoutes() {
  return [
    operation({
      id: "checkIn",
      word: "check-in",
      summary: "Check a guest in: confirmed to in_house",
      body: z.strictObject(acceptance),
      problems: ["WRONG_DAY", "ROOM_NOT_READY", "ROOM_NOT_CLEAN", "SUBSCRIPTION_LAPSED"],
      run: (trx, change, bookingId, { accept_dirty_room: accepted }) => checkIn(trx, change, bookingId, accepted),
    }),
    operation({
      id: "checkOut",
      word: "check-out",
      summary: "Check a guest out: in_house to checked_out. Nights ahead become free",
      description:
        "Without `left_on`, the guest leaves now. All booked nights before the calendar's day at the hotel stay on " +
        "the bill, even if their business date is not closed. With `left_on`, the guest left on that day, and the " +
        "nights from it on leave the bill. The figures of closed days do not change.",
      body: z.strictObject({
        left_on: daySchema.optional().meta({
          description:
            "The day of departure, from the day of the check-in to the booked departure. The latest day is the " +
            "calendar's day at the hotel, or the business date if that is later. " +
            "To charge nights after the booked departure, extend the stay first.",
        }),
      }),
      problems: ["WRONG_DAY"],
      run: (trx, change, bookingId, { left_on: leftOn }) => checkOut(trx, change, bookingId, leftOn),
    }),
    operation({
      id: "cancelBooking",
      word: "cancel",
      summary: "Cancel a booking: confirmed to canceled. The nights become free",
      body: nothing,
      run: cancel,
    }),
    operation({
      id: "markNoShow",
      word: "no-show",
      summary: "Mark a no-show: confirmed to no_show. The hotel's policy (/policies) decides the charge",
      body: nothing,
      problems: ["WRONG_DAY"],
      run: markNoShow,
    }),
    operation({
      id: "undoCheckIn",
      word: "undo-check-in",
      summary: "Undo a check-in, on the same business date",
      body: nothing,
      problems: ["WRONG_DAY"],
      run: undoCheckIn,
    }),
    operation({
      id: "undoCheckOut",
      word: "undo-check-out",
      summary: "Undo a check-out, on the same business date, if the room is still free",
      body: nothing,
      problems: [...roomProblems, "GUEST_ANONYMOUS"],
      run: undoCheckOut,
    }),
    operation({
      id: "reinstateBooking",
      word: "reinstate",
      summary: "Reinstate a canceled booking or a no-show, on the same business date, in its room or another free one",
      description:
        "A no-show of the day that was just closed can be reinstated too: its guest arrives after the close. A " +
        "booking of that night alone can then be checked in, or moved to another room, on its day of departure. The " +
        "answer `ROOM_TAKEN` names rooms that are free. The prices do not change.",
      body: z.strictObject({
        room_id: idSchema.optional().meta({
          description:
            "Another room for the nights ahead. A night that is over keeps its room, unless another booking has had " +
            "the room. Default: the room that the booking had.",
        }),
      }),
      problems: [...moveProblems, "GUEST_ANONYMOUS", "SUBSCRIPTION_LAPSED"],
      run: (trx, change, bookingId, { room_id: roomId }) => reinstate(trx, change, bookingId, roomId),
    }),
    operation({
      id: "waiveCharge",
      word: "waive-charge",
      summary: "Waive the charge of a no-show or a canceled booking, with a reason",
      description: "For a manager. `reinstate` ends the waiver. The figures of closed days do not change.",
      access: managers,
      body: withReason,
      problems: ["NO_CHARGE"],
      run: (trx, change, bookingId, { reason }) => waiveCharge(trx, change, bookingId, reason),
    }),
    operation({
      id: "undoWaiver",
      word: "undo-waiver",
      summary: "Charge a waived charge again, with a reason",
      description: "For a manager.",
      access: managers,
      body: withReason,
      problems: ["NOT_WAIVED"],
      run: (trx, change, bookingId, { reason }) => undoWaiver(trx, change, bookingId, reason),
    }),
    operation({
      id: "moveBooking",
      word: "move",
      summary:
        "Move a booking to another room from tonight on, or for the whole stay if it has not begun. " +
        "Prices do not change",
      description:
        "A night that the guest has slept keeps its room, even if its business date is not closed. Before 04:00 at " +
        "the hotel, tonight is the night of the day before. Restrictions of another room type apply to a stay that " +
        "has not begun, unless the booking had the same stay before.",
      body: z.strictObject({ room_id: idSchema, ...acceptance, ...overriding }),
      problems: [...moveProblems, "ROOM_NOT_CLEAN"],
      run: (
        trx,
        change,
        bookingId,
        { room_id: roomId, accept_dirty_room: accepted, override_restrictions: restrictions },
      ) =>
        move(trx, change, bookingId, roomId, {
          accepted,
          override: restrictions && new Override(restrictions, change.actor.role),
        }),
    }),
    operation({
      id: "swapBookings",
      word: "swap",
      summary: "Swap the rooms of two bookings, for the nights ahead. Prices do not change",
      description:
        "The policy `dirty_room_check_in` applies to each guest in house, as in a move. Restrictions of another room " +
        "type apply to a stay that has not begun, as in a move.",
      body: z.strictObject({ other_booking_id: idSchema, ...acceptance, ...overriding }),
      problems: [...moveProblems, "ROOM_NOT_CLEAN"],
      run: (
        trx,
        change,
        bookingId,
        { other_booking_id: otherId, accept_dirty_room: accepted, override_restrictions: restrictions },
      ) =>
        swap(trx, change, bookingId, otherId, {
          accepted,
          override: restrictions && new Override(restrictions, change.actor.role),
        }),
    }),
  ];
}

function operation<const I extends string, B extends z.ZodType>({
  id,
  word,
  body,
  access = staff,
  problems = [],
  run,
  ...documentation
}: Operation<I, B>) {
  return route({
    id,
    method: "PATCH",
    path: `/operations/${word}/{booking_id}`,
    ...documentation,
    access,
    transaction: "tenant",
    changes: ["operations", "bookings", "rooms"],
    params,
    body,
    status: 200,
    result: bookingSchema,
    problems: ["ILLEGAL_TRANSITION", "PRECONDITION_FAILED", ...problems],
    handler: async ({ actor, params: { booking_id: bookingId }, body, trx, request }) => {
      // The route has parsed the body with this schema.
      await run(trx, changeContextOf(actor, request), bookingId, body as z.output<B>);
      return readChangedBooking(trx, actor.tenantId, bookingId);
    },
  });
}
