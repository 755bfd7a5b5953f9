import * as z from "zod";

import {
  decodeCursor,
  defined,
  idSchema,
  newId,
  pageOf,
  pageQuery,
  requireMatch,
  type Route,
  route,
  toPage,
} from "../../../core/mod.ts";
import { managers, readHotel, requireQuota, requireSubscription, staff } from "../../identity/port.ts";
import type { PmsContext } from "../context.ts";
import { noSuchRoomType } from "../errors.ts";
import { readRoomType, withNameConflicts } from "./inventory.ts";
import { RoomType } from "../models/room_type.ts";
import { rateIn } from "../rates/amounts.ts";
import { roomTypeFields, roomTypeSchema, roomTypeView } from "./views.ts";

const params = z.strictObject({ room_type_id: idSchema });

export function roomTypeRoutes({ env }: PmsContext): Route[] {
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
      problems: ["NAME_TAKEN", "SUBSCRIPTION_LAPSED", "TRIAL_QUOTA_REACHED"],
      handler: async ({ actor, body, trx }) => {
        const hotel = await readHotel(trx, actor.tenantId);
        requireSubscription(hotel);
        await requireQuota(trx, hotel, { of: "room types", most: env.TRIAL_ROOM_TYPES }, () =>
          RoomType.query(trx).where({ hotel_id: actor.tenantId }).resultSize(),
        );
        const type = await withNameConflicts(
          RoomType.query(trx).insertAndFetch({
            hotel_id: actor.tenantId,
            room_type_id: newId(),
            ...body,
            rate: rateIn(hotel.currency, body.rate),
          }),
        );
        const headers = { Location: `/room-types/${type.room_type_id}` };
        return { body: roomTypeView(type, hotel.currency), etag: type.version, headers };
      },
    }),
    route({
      id: "listRoomTypes",
      method: "GET",
      path: "/room-types/",
      summary: "The room types, in the order in which they were added",
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
      summary: "One room type",
      access: staff,
      transaction: "tenant",
      params,
      status: 200,
      result: roomTypeSchema,
      handler: async ({ actor, params: { room_type_id: id }, trx }) => {
        const type = await readRoomType(trx, actor.tenantId, id);
        const { currency } = await readHotel(trx, actor.tenantId);
        return { body: roomTypeView(type, currency), etag: type.version };
      },
    }),
    route({
      id: "changeRoomType",
      method: "PATCH",
      path: "/room-types/{room_type_id}",
      summary: "Change a room type; bookings keep the prices that they were made at",
      access: managers,
      transaction: "tenant",
      params,
      body: z.strictObject(roomTypeFields).partial(),
      status: 200,
      result: roomTypeSchema,
      problems: ["NAME_TAKEN", "PRECONDITION_FAILED", "SUBSCRIPTION_LAPSED"],
      handler: async ({ actor, params: { room_type_id: id }, body, trx, request }) => {
        const hotel = await readHotel(trx, actor.tenantId);
        requireSubscription(hotel);
        const type = await RoomType.query(trx).findById([actor.tenantId, id]).forUpdate();
        if (type === undefined) throw noSuchRoomType();
        requireMatch(request.ifMatch, type.version);
        const rate = body.rate === undefined ? undefined : rateIn(hotel.currency, body.rate);
        const changed = await withNameConflicts(
          type.$query(trx).patchAndFetch({ ...defined({ ...body, rate }), version: type.version + 1 }),
        );
        return { body: roomTypeView(changed, hotel.currency), etag: changed.version };
      },
    }),
    route({
      id: "deleteRoomType",
      method: "DELETE",
      path: "/room-types/{room_type_id}",
      summary: "Remove a room type that no room has and under which no night was sold",
      access: managers,
      transaction: "tenant",
      params,
      status: 204,
      problems: ["IN_USE", "PRECONDITION_FAILED", "SUBSCRIPTION_LAPSED"],
      handler: async ({ actor, params: { room_type_id: id }, trx, request }) => {
        requireSubscription(await readHotel(trx, actor.tenantId));
        const type = await RoomType.query(trx).findById([actor.tenantId, id]).forUpdate();
        if (type === undefined) throw noSuchRoomType();
        requireMatch(request.ifMatch, type.version);
        await withNameConflicts(type.$query(trx).delete());
        return {};
      },
    }),
  ];
}
