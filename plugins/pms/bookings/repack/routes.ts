import * as z from "zod";

import { daySchema, idSchema, type NoUndo, route, type UndoCall } from "../../../../core/mod.ts";
import { staff } from "../../../identity/port.ts";
import { changeContextOf } from "../../booking_record/change.ts";
import { checkNights } from "../../allocation/stay_dates.ts";
import { requireManager } from "../../rates/restrictions.ts";
import { repack } from "./apply_repack.ts";

interface RepackMove {
  readonly booking_id: string;
  readonly from_room_id: string;
}

function undoOfRepack([move, ...others]: readonly RepackMove[], isApplied: boolean): UndoCall | NoUndo {
  if (!isApplied || move === undefined) return { none: "Nothing changed." };
  if (others.length > 0) return { none: "Several bookings moved. Move them back one by one." };
  return { operation: "moveBooking", params: { booking_id: move.booking_id }, body: { room_id: move.from_room_id } };
}

export function repackRoutes() {
  return [
    route({
      id: "repackRooms",
      method: "POST",
      path: "/rooms/repack",
      summary: "Free a room of a type for a stay, by moves of stays that have not begun",
      description:
        "Without `apply`, the answer is a preview and nothing changes. " +
        "Bookings that are locked to their rooms do not move. " +
        "Prices do not change. The search is limited, so it can miss a possible plan.",
      access: staff,
      transaction: "tenant",
      changes: ["rooms", "bookings"],
      body: z.strictObject({
        room_type_id: idSchema,
        check_in: daySchema,
        check_out: daySchema,
        apply: z.boolean().default(false).meta({ description: "Makes all moves, or none." }),
        include_restricted: z.boolean().default(false).meta({
          description:
            "For a manager. Also searches if the stay breaks restrictions (/rates) that the manager will override.",
        }),
        plan: z.string().max(100).optional().meta({
          description: "The plan of the preview. If the plan has changed since, the answer is `REPACK_CHANGED`.",
        }),
      }),
      status: 200,
      result: z.strictObject({
        plan: z.string(),
        room_id: idSchema.meta({ description: "The room that the moves make free for the stay." }),
        moves: z.array(z.strictObject({ booking_id: idSchema, from_room_id: idSchema, to_room_id: idSchema })),
        applied: z.boolean(),
      }),
      undo: ["moveBooking"],
      problems: [
        "NOT_FOUND",
        "NO_ROOM_FREE",
        "CLOSED_TO_ARRIVAL",
        "MINIMUM_STAY",
        "REPACK_CHANGED",
        "SUBSCRIPTION_LAPSED",
      ],
      handler: async ({ actor, body, trx, request }) => {
        const { room_type_id: roomTypeId, check_in: arrival, check_out: departure, apply, plan: shownPlan } = body;
        const { include_restricted: isRestricted } = body;
        if (isRestricted) requireManager(actor.role);
        checkNights(arrival, departure, "/check_out", "body");
        const question = { hotelId: actor.tenantId, roomTypeId, arrival, departure };
        const plan = await repack(
          trx,
          changeContextOf(actor, request),
          question,
          apply ? { shownPlan } : undefined,
          isRestricted,
        );
        return { body: { ...plan, moves: [...plan.moves], applied: apply }, undo: undoOfRepack(plan.moves, apply) };
      },
    }),
  ];
}
