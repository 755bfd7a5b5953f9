import * as z from "zod";

import { daySchema, idSchema, type NoUndo, route, textSchema, type Trx, type UndoCall } from "../../../core/mod.ts";
import { managers, type Role, staff } from "../../identity/port.ts";
import { Override, overrideSchema } from "../rates/restrictions.ts";
import { type ChangeContext, changeContextOf } from "../booking_record/change.ts";
import { move, swap } from "./move.ts";
import { cancel, checkIn, checkOut, markNoShow, undoCheckIn, undoCheckOut } from "./check_in_out.ts";
import { reinstate } from "./reinstate.ts";
import { restoreHousekeepingSchema } from "./undo/restore_housekeeping.ts";
import {
  undoOfCheckIn,
  undoOfCheckOut,
  undoOfMove,
  undoOfReinstate,
  undoOfRelease,
  undoOfSwap,
  undoOfUndoCheckIn,
  undoOfUndoCheckOut,
  undoOfUndoWaiver,
  undoOfWaiver,
} from "./undo/ways_back.ts";
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
  /** The operations that its way back can name. */
  readonly undo: readonly string[];
  /** Makes the change. @returns its way back */
  readonly run: (trx: Trx, change: ChangeContext, bookingId: string, body: z.output<B>) => Promise<UndoCall | NoUndo>;
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
const restoring = { restore_housekeeping: restoreHousekeepingSchema };
const exceptions = { ...acceptance, override_restrictions: overrideSchema.optional(), ...restoring };
const moveProblems = [...roomProblems, "ROOM_LOCKED", "TOO_MANY_GUESTS", "CLOSED_TO_ARRIVAL", "MINIMUM_STAY"];

export function operationRoutes() {
  return [
    operation({
      id: "checkIn",
      word: "check-in",
      summary: "Check a guest in: confirmed to in_house",
      body: z.strictObject(acceptance),
      problems: ["WRONG_DAY", "ROOM_NOT_READY", "ROOM_NOT_CLEAN", "SUBSCRIPTION_LAPSED"],
      undo: ["undoCheckIn"],
      run: async (trx, change, bookingId, { accept_dirty_room: accepted }) => {
        await checkIn(trx, change, bookingId, accepted);
        return undoOfCheckIn(bookingId);
      },
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
        ...restoring,
      }),
      problems: ["WRONG_DAY"],
      undo: ["undoCheckOut"],
      run: async (trx, change, bookingId, { left_on: leftOn, restore_housekeeping: states }) =>
        undoOfCheckOut(bookingId, await checkOut(trx, change, bookingId, leftOn, states)),
    }),
    operation({
      id: "cancelBooking",
      word: "cancel",
      summary: "Cancel a booking: confirmed to canceled. The nights become free",
      body: nothing,
      undo: ["reinstateBooking"],
      run: async (trx, change, bookingId) => {
        await cancel(trx, change, bookingId);
        return undoOfRelease(bookingId);
      },
    }),
    operation({
      id: "markNoShow",
      word: "no-show",
      summary: "Mark a no-show: confirmed to no_show. The hotel's policy (/policies) decides the charge",
      body: nothing,
      problems: ["WRONG_DAY"],
      undo: ["reinstateBooking"],
      run: async (trx, change, bookingId) => {
        await markNoShow(trx, change, bookingId);
        return undoOfRelease(bookingId);
      },
    }),
    operation({
      id: "undoCheckIn",
      word: "undo-check-in",
      summary: "Undo a check-in, on the same business date",
      body: nothing,
      problems: ["WRONG_DAY"],
      undo: ["checkIn"],
      run: async (trx, change, bookingId) => {
        await undoCheckIn(trx, change, bookingId);
        return undoOfUndoCheckIn(bookingId);
      },
    }),
    operation({
      id: "undoCheckOut",
      word: "undo-check-out",
      summary: "Undo a check-out, on the same business date, if the room is still free",
      body: z.strictObject(restoring),
      problems: [...roomProblems, "GUEST_ANONYMOUS"],
      undo: ["checkOut"],
      run: async (trx, change, bookingId, { restore_housekeeping: states }) => {
        const { booking, hotel, before } = await undoCheckOut(trx, change, bookingId, states);
        return undoOfUndoCheckOut(booking, hotel, change.now, before);
      },
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
      undo: ["cancelBooking", "markNoShow"],
      run: async (trx, change, bookingId, { room_id: roomId }) => {
        const { booking, hotel } = await reinstate(trx, change, bookingId, roomId);
        return undoOfReinstate(booking, hotel, roomId);
      },
    }),
    operation({
      id: "waiveCharge",
      word: "waive-charge",
      summary: "Waive the charge of a no-show or a canceled booking, with a reason",
      description: "For a manager. `reinstate` ends the waiver. The figures of closed days do not change.",
      access: managers,
      body: withReason,
      problems: ["NO_CHARGE"],
      undo: ["undoWaiver"],
      run: async (trx, change, bookingId, { reason }) => {
        await waiveCharge(trx, change, bookingId, reason);
        return undoOfWaiver(bookingId);
      },
    }),
    operation({
      id: "undoWaiver",
      word: "undo-waiver",
      summary: "Charge a waived charge again, with a reason",
      description: "For a manager.",
      access: managers,
      body: withReason,
      problems: ["NOT_WAIVED"],
      undo: ["waiveCharge"],
      run: async (trx, change, bookingId, { reason }) => {
        await undoWaiver(trx, change, bookingId, reason);
        return undoOfUndoWaiver(bookingId);
      },
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
      body: z.strictObject({ room_id: idSchema, ...exceptions }),
      problems: [...moveProblems, "ROOM_NOT_CLEAN"],
      undo: ["moveBooking"],
      run: async (trx, change, bookingId, { room_id: to, ...body }) => {
        const { roomId, states } = await move(trx, change, bookingId, to, exceptionsOf(change, body));
        return undoOfMove(bookingId, roomId, states);
      },
    }),
    operation({
      id: "swapBookings",
      word: "swap",
      summary: "Swap the rooms of two bookings, for the nights ahead. Prices do not change",
      description:
        "The policy `dirty_room_check_in` applies to each guest in house, as in a move. Restrictions of another room " +
        "type apply to a stay that has not begun, as in a move.",
      body: z.strictObject({ other_booking_id: idSchema, ...exceptions }),
      problems: [...moveProblems, "ROOM_NOT_CLEAN"],
      undo: ["swapBookings"],
      run: async (trx, change, bookingId, { other_booking_id: otherId, ...body }) => {
        const { states } = await swap(trx, change, bookingId, otherId, exceptionsOf(change, body));
        return undoOfSwap(bookingId, otherId, states);
      },
    }),
  ];
}

function exceptionsOf(
  { actor }: ChangeContext,
  {
    accept_dirty_room: accepted,
    override_restrictions: reason,
    restore_housekeeping: states,
  }: z.output<z.ZodObject<typeof exceptions>>,
) {
  return { accepted, override: reason && new Override(reason, actor.role), states };
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
      const undo = await run(trx, changeContextOf(actor, request), bookingId, body as z.output<B>);
      return { ...(await readChangedBooking(trx, actor.tenantId, bookingId)), undo };
    },
  });
}
