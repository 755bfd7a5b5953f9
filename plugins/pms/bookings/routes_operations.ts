import * as z from "zod";

import { daySchema, idSchema, type Route, route, textSchema, type Trx } from "../../../core/mod.ts";
import { managers, type Role, staff } from "../../identity/port.ts";
import { Override, overrideSchema } from "../rates/restrictions.ts";
import { type ChangeContext, changeContextOf } from "../booking_record/change.ts";
import { move, swap } from "./move.ts";
import { cancel, checkIn, checkOut, markNoShow, undoCheckIn, undoCheckOut } from "./check_in_out.ts";
import { reinstate } from "./reinstate.ts";
import { bookingSchema, readChanged } from "./views.ts";
import { undoWaiver, waiveCharge } from "./waive_charge.ts";

const params = z.strictObject({ booking_id: idSchema });

/** An operation on one booking: changes it and records the change. */
interface Operation<B extends z.ZodType> {
  readonly id: string;
  /** The word of its path. */
  readonly word: string;
  readonly summary: string;
  readonly description?: string;
  readonly body: B;
  /** Default: the staff. */
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
    .meta({ description: "The room is dirty, and the guest gets it all the same: where the policy is `warn`." }),
};
const taken = ["ROOM_TAKEN", "ROOM_OUT_OF_ORDER", "ROOM_RETIRED", "ROOM_NOT_READY", "WRONG_DAY"];
const overriding = { override_restrictions: overrideSchema.optional() };
const moved = [...taken, "ROOM_LOCKED", "TOO_MANY_GUESTS", "CLOSED_TO_ARRIVAL", "MINIMUM_STAY"];

export function operationRoutes(): Route[] {
  return [
    operation({
      id: "checkIn",
      word: "check-in",
      summary: "The guest has arrived: confirmed to in_house",
      body: z.strictObject(acceptance),
      problems: ["WRONG_DAY", "ROOM_NOT_READY", "ROOM_NOT_CLEAN", "SUBSCRIPTION_LAPSED"],
      run: (trx, change, bookingId, { accept_dirty_room: accepted }) => checkIn(trx, change, bookingId, accepted),
    }),
    operation({
      id: "checkOut",
      word: "check-out",
      summary: "The guest leaves: in_house to checked_out; nights that are left are free at once",
      description:
        "Without `left_on`, the guest leaves now. All booked nights before the calendar's day at the hotel stay on the bill, also " +
        "where their business day is not closed yet. With `left_on`, the guest left on that day: the nights from it on leave the " +
        "bill. The figures of days that are closed stay as they were written.",
      body: z.strictObject({
        left_on: daySchema.optional().meta({
          description:
            "The day of the departure, from that of the check-in to that of the booked departure. It is the calendar's day at the hotel or the business date " +
            "at the latest. To charge nights after the booked departure, extend the stay first.",
        }),
      }),
      problems: ["WRONG_DAY"],
      run: (trx, change, bookingId, { left_on: leftOn }) => checkOut(trx, change, bookingId, leftOn),
    }),
    operation({
      id: "cancelBooking",
      word: "cancel",
      summary: "The guest will not come: confirmed to canceled; the nights are free at once",
      body: nothing,
      run: cancel,
    }),
    operation({
      id: "markNoShow",
      word: "no-show",
      summary: "The guest did not come: confirmed to no_show; what is paid is the hotel's policy (/policies)",
      body: nothing,
      problems: ["WRONG_DAY"],
      run: markNoShow,
    }),
    operation({
      id: "undoCheckIn",
      word: "undo-check-in",
      summary: "Back to confirmed, on the same business day",
      body: nothing,
      problems: ["WRONG_DAY"],
      run: undoCheckIn,
    }),
    operation({
      id: "undoCheckOut",
      word: "undo-check-out",
      summary: "Back into the house, on the same business day, if the room is still free",
      body: nothing,
      problems: [...taken, "GUEST_ANONYMOUS"],
      run: undoCheckOut,
    }),
    operation({
      id: "reinstateBooking",
      word: "reinstate",
      summary:
        "A canceled booking or a no-show is confirmed again, on the same business day, in its room or another free one",
      description:
        "A no-show of the day that was just closed can be reinstated too. The guest arrives after the close. A booking of that " +
        "night alone is then checked in, or moved to another room for that night, on its day of departure. The answer " +
        "`ROOM_TAKEN` names rooms that are free instead; the prices stay what they were.",
      body: z.strictObject({
        room_id: idSchema.optional().meta({
          description:
            "Another room for the nights that are still to be slept. A night that is over keeps its room, unless somebody " +
            "else has had it. Default: the room that the booking had.",
        }),
      }),
      problems: [...moved, "GUEST_ANONYMOUS", "SUBSCRIPTION_LAPSED"],
      run: (trx, change, bookingId, { room_id: roomId }) => reinstate(trx, change, bookingId, roomId),
    }),
    operation({
      id: "waiveCharge",
      word: "waive-charge",
      summary: "What a no-show or a canceled booking has to pay is waived, for a reason",
      description:
        "For a manager. `reinstate` ends the waiver. The figures of days that are closed stay as they were written.",
      access: managers,
      body: withReason,
      problems: ["NO_CHARGE"],
      run: (trx, change, bookingId, { reason }) => waiveCharge(trx, change, bookingId, reason),
    }),
    operation({
      id: "undoWaiver",
      word: "undo-waiver",
      summary: "A charge that was waived is charged again, for a reason",
      description: "For a manager.",
      access: managers,
      body: withReason,
      problems: ["NOT_WAIVED"],
      run: (trx, change, bookingId, { reason }) => undoWaiver(trx, change, bookingId, reason),
    }),
    operation({
      id: "moveBooking",
      word: "move",
      summary: "To another room, from tonight on or, where the stay has not begun, for all of it; prices stay",
      description:
        "A night that the guest has slept keeps its room, also before its business day is closed. Before 04:00 at the hotel, the " +
        "night of the day before counts as tonight. A stay that has not begun is asked for the restrictions of another room type " +
        "that it gets, unless it has had them already.",
      body: z.strictObject({ room_id: idSchema, ...acceptance, ...overriding }),
      problems: [...moved, "ROOM_NOT_CLEAN"],
      run: (trx, change, bookingId, { room_id: roomId, accept_dirty_room: accepted, override_restrictions: asked }) =>
        move(trx, change, bookingId, roomId, { accepted, override: asked && new Override(asked, change.actor.role) }),
    }),
    operation({
      id: "swapBookings",
      word: "swap",
      summary: "Two bookings change rooms, each for the nights that it has left; prices stay",
      description:
        "The policy `dirty_room_check_in` holds for each of the two guests who is in the house, as in a move: the room that the " +
        "guest gets may be dirty. A stay that has not begun is asked for the restrictions of another room type, as in a move.",
      body: z.strictObject({ other_booking_id: idSchema, ...acceptance, ...overriding }),
      problems: [...moved, "ROOM_NOT_CLEAN"],
      run: (
        trx,
        change,
        bookingId,
        { other_booking_id: otherId, accept_dirty_room: accepted, override_restrictions: asked },
      ) =>
        swap(trx, change, bookingId, otherId, { accepted, override: asked && new Override(asked, change.actor.role) }),
    }),
  ];
}

function operation<B extends z.ZodType>({
  id,
  word,
  body,
  access = staff,
  problems = [],
  run,
  ...told
}: Operation<B>): Route {
  return route({
    id,
    method: "PATCH",
    path: `/operations/${word}/{booking_id}`,
    ...told,
    access,
    transaction: "tenant",
    params,
    body,
    status: 200,
    result: bookingSchema,
    problems: ["ILLEGAL_TRANSITION", "PRECONDITION_FAILED", ...problems],
    handler: async ({ actor, params: { booking_id: bookingId }, body: given, trx, request }) => {
      await run(trx, changeContextOf(actor, request), bookingId, given as z.output<B>);
      return readChanged(trx, actor.tenantId, bookingId);
    },
  });
}
