import * as z from "zod";

import { daySchema, idSchema, type NoUndo, pageOf, route, textSchema, type UndoCall } from "../../../core/mod.ts";
import { managers, readHotel, requireSubscription, staff } from "../../identity/port.ts";
import { shareBusinessDate } from "../business_date/lock_business_date.ts";
import { readRoom } from "../inventory/inventory.ts";
import { closeRoom, type Closure, readClosures, reopenRoom } from "./closures.ts";

const params = z.strictObject({ room_id: idSchema });

const closureSchema = z
  .strictObject({
    closure_id: idSchema,
    room_id: idSchema,
    from: daySchema,
    to: daySchema.meta({ description: "The first day on which a stay can begin again." }),
    reason: z.string(),
  })
  .meta({ id: "Closure" });

function undoOfReopening([ended, ...others]: readonly Closure[]): UndoCall | NoUndo {
  if (ended === undefined || others.length > 0) return { none: "Several closures ended. Close the nights again." };
  const { room_id: roomId, from, to, reason } = ended;
  return { operation: "closeRoom", params: { room_id: roomId }, body: { from, to, reason } };
}

export function closureRoutes() {
  return [
    route({
      id: "closeRoom",
      method: "POST",
      path: "/rooms/{room_id}/closures",
      summary: "Close a room for nights",
      access: managers,
      transaction: "tenant",
      params,
      body: z.strictObject({
        from: daySchema.meta({ description: "The first night." }),
        to: daySchema.meta({ description: "The first day on which a stay can begin again." }),
        reason: textSchema(200).meta({ examples: ["new carpet"] }),
      }),
      status: 201,
      result: closureSchema,
      undo: ["reopenRoom"],
      problems: ["ROOM_TAKEN", "ROOM_RETIRED", "SUBSCRIPTION_LAPSED"],
      handler: async ({ actor, params: { room_id: roomId }, body, trx }) => {
        const hotel = await shareBusinessDate(trx, actor.tenantId);
        requireSubscription(hotel);
        const closure = await closeRoom(trx, hotel, roomId, body);
        const { from, to } = closure;
        const undo = { operation: "reopenRoom", params: { room_id: roomId }, query: { from, to } };
        return { body: closure, headers: { Location: `/rooms/${roomId}/closures` }, undo };
      },
    }),
    route({
      id: "listClosures",
      method: "GET",
      path: "/rooms/{room_id}/closures",
      summary: "List the closures of a room that have not ended",
      access: staff,
      transaction: "tenant",
      params,
      status: 200,
      result: pageOf(closureSchema),
      handler: async ({ actor, params: { room_id: roomId }, trx }) => {
        const hotel = await readHotel(trx, actor.tenantId);
        await readRoom(trx, actor.tenantId, roomId);
        const items = await readClosures(trx, actor.tenantId, roomId, hotel.business_date);
        return { body: { items, next_cursor: null } };
      },
    }),
    route({
      id: "reopenRoom",
      method: "DELETE",
      path: "/rooms/{room_id}/closures",
      summary: "Reopen a room for nights from the business date on. Other nights of its closures stay closed",
      access: managers,
      transaction: "tenant",
      params,
      query: z.strictObject({ from: daySchema, to: daySchema }),
      status: 200,
      result: pageOf(closureSchema),
      undo: ["closeRoom"],
      problems: ["SUBSCRIPTION_LAPSED"],
      handler: async ({ actor, params: { room_id: roomId }, query: { from, to }, trx }) => {
        const hotel = await shareBusinessDate(trx, actor.tenantId);
        requireSubscription(hotel);
        const { ended, remaining } = await reopenRoom(trx, hotel, roomId, from, to);
        return { body: { items: remaining, next_cursor: null }, undo: undoOfReopening(ended) };
      },
    }),
  ];
}
