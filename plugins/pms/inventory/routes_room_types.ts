import * as z from "zod";

import { decodeCursor, defined, idSchema, newId, pageOf, pageQuery, pick, route, toPage } from "../../../core/mod.ts";
import { managers, readHotel, requireSubscription, staff } from "../../identity/port.ts";
import type { PmsContext } from "../context.ts";
import { lockRoomTypeForChange, readRoomType, requireInventoryQuota, withNameConflicts } from "./inventory.ts";
import { RoomType } from "../models/room_type.ts";
import { rateIn } from "./rate_amount.ts";
import { answerRoomType, roomTypeFields, roomTypeSchema, roomTypeView } from "./views.ts";

const params = z.strictObject({ room_type_id: idSchema });

export function roomTypeRoutes({ env }: PmsContext) {
  return [
    route({
      id: "createRoomType",
      method: "POST",
      path: "/room-types/",
      summary: "Add a room type",
      access: managers,
      transaction: "tenant",
      body: z.strictObject(roomTypeFields),
      status: 201,
      result: roomTypeSchema,
      undo: ["deleteRoomType"],
      problems: ["NAME_TAKEN", "SUBSCRIPTION_LAPSED", "TRIAL_QUOTA_REACHED"],
      handler: async ({ actor, body, trx }) => {
        const quota = { of: "room types", most: env.TRIAL_ROOM_TYPES };
        const hotel = await requireInventoryQuota(trx, actor.tenantId, RoomType, quota);
        const type = await withNameConflicts(
          RoomType.query(trx).insertAndFetch({
            hotel_id: actor.tenantId,
            room_type_id: newId(),
            ...body,
            rate: rateIn(hotel.currency, body.rate),
          }),
        );
        const headers = { Location: `/room-types/${type.room_type_id}` };
        const undo = { operation: "deleteRoomType", params: { room_type_id: type.room_type_id } };
        return { ...answerRoomType(type, hotel.currency), headers, undo };
      },
    }),
    route({
      id: "listRoomTypes",
      method: "GET",
      path: "/room-types/",
      summary: "List the room types in the order in which they were added",
      access: staff,
      transaction: "tenant",
      query: z.strictObject(pageQuery),
      status: 200,
      result: pageOf(roomTypeSchema),
      handler: async ({ actor, query: { limit, cursor }, trx }) => {
        const { currency } = await readHotel(trx, actor.tenantId);
        const after = decodeCursor(cursor, z.tuple([idSchema]))?.[0] ?? null;
        const types = await RoomType.query(trx)
          .where({ hotel_id: actor.tenantId })
          .whereRaw("(?::uuid IS NULL OR room_type_id > ?)", [after, after])
          .orderBy("room_type_id")
          .limit(limit + 1);
        return {
          body: toPage(
            types,
            limit,
            (type) => roomTypeView(type, currency),
            (type) => [type.room_type_id],
          ),
        };
      },
    }),
    route({
      id: "readRoomType",
      method: "GET",
      path: "/room-types/{room_type_id}",
      summary: "Read one room type",
      access: staff,
      transaction: "tenant",
      params,
      status: 200,
      result: roomTypeSchema,
      handler: async ({ actor, params: { room_type_id: id }, trx }) => {
        const type = await readRoomType(trx, actor.tenantId, id);
        const { currency } = await readHotel(trx, actor.tenantId);
        return answerRoomType(type, currency);
      },
    }),
    route({
      id: "changeRoomType",
      method: "PATCH",
      path: "/room-types/{room_type_id}",
      summary: "Change a room type",
      description: "Bookings keep their prices.",
      access: managers,
      transaction: "tenant",
      params,
      body: z.strictObject(roomTypeFields).partial(),
      status: 200,
      result: roomTypeSchema,
      undo: ["changeRoomType"],
      problems: ["NAME_TAKEN", "PRECONDITION_FAILED", "SUBSCRIPTION_LAPSED"],
      handler: async ({ actor, params: { room_type_id: id }, body, trx, request }) => {
        const hotel = await readHotel(trx, actor.tenantId);
        requireSubscription(hotel);
        const type = await lockRoomTypeForChange(trx, actor.tenantId, id, request.ifMatch);
        const before = pick(roomTypeView(type, hotel.currency), Object.keys(body));
        const rate = body.rate === undefined ? undefined : rateIn(hotel.currency, body.rate);
        const changed = await withNameConflicts(
          type.$query(trx).patchAndFetch({ ...defined({ ...body, rate }), version: type.version + 1 }),
        );
        const undo = { operation: "changeRoomType", params: { room_type_id: id }, body: before };
        return { ...answerRoomType(changed, hotel.currency), undo };
      },
    }),
    route({
      id: "deleteRoomType",
      method: "DELETE",
      path: "/room-types/{room_type_id}",
      summary: "Delete a room type without rooms and without sold nights",
      access: managers,
      transaction: "tenant",
      params,
      status: 200,
      undo: { none: "A deleted room type does not come back. Add it again." },
      problems: ["IN_USE", "PRECONDITION_FAILED", "SUBSCRIPTION_LAPSED"],
      handler: async ({ actor, params: { room_type_id: id }, trx, request }) => {
        requireSubscription(await readHotel(trx, actor.tenantId));
        const type = await lockRoomTypeForChange(trx, actor.tenantId, id, request.ifMatch);
        await withNameConflicts(type.$query(trx).delete());
        return {};
      },
    }),
  ];
}
