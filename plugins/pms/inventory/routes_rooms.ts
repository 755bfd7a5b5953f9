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
  type Trx,
} from "../../../core/mod.ts";
import { managers, readHotel, requireQuota, requireSubscription, staff } from "../../identity/port.ts";
import type { PmsContext } from "../context.ts";
import { lockBusinessDate } from "../business_date/lock_business_date.ts";
import { noSuchRoom } from "../errors.ts";
import { changeRoom } from "./change_room.ts";
import { readRoom, readRoomType, requireFreeNumber, withNameConflicts } from "./inventory.ts";
import { Room } from "../models/room.ts";
import { rateIn } from "../rates/amounts.ts";
import { retiredFromSchema, roomCursorSchema, roomFields, roomSchema, roomView } from "./views.ts";

const params = z.strictObject({ room_id: idSchema });

export function roomRoutes({ env }: PmsContext): Route[] {
  return [
    route({
      id: "createRoom",
      method: "POST",
      path: "/rooms/",
      summary: "Add a room",
      access: managers,
      transaction: "tenant",
      body: z.strictObject({
        ...roomFields,
        rate: roomFields.rate.optional(),
        status: roomFields.status.default("available"),
        housekeeping: roomFields.housekeeping.default("clean"),
      }),
      status: 201,
      result: roomSchema,
      problems: ["NOT_FOUND", "NAME_TAKEN", "SUBSCRIPTION_LAPSED", "TRIAL_QUOTA_REACHED"],
      handler: async ({ actor, body, trx }) => {
        const hotel = await readHotel(trx, actor.tenantId);
        requireSubscription(hotel);
        await requireQuota(trx, hotel, { of: "rooms", most: env.TRIAL_ROOMS }, () =>
          Room.query(trx).where({ hotel_id: actor.tenantId }).resultSize(),
        );
        await readRoomType(trx, actor.tenantId, body.room_type_id);
        const rate = typeof body.rate === "string" ? rateIn(hotel.currency, body.rate) : null;
        await requireFreeNumber(trx, actor.tenantId, body.room_number);
        const room = await withNameConflicts(
          Room.query(trx).insertAndFetch({ hotel_id: actor.tenantId, room_id: newId(), ...body, rate }),
        );
        const headers = { Location: `/rooms/${room.room_id}` };
        return { body: roomView(room, hotel.currency), etag: room.version, headers };
      },
    }),
    route({
      id: "listRooms",
      method: "GET",
      path: "/rooms/",
      summary: "The rooms, by number in natural order: 2 before 10",
      access: staff,
      transaction: "tenant",
      query: z.strictObject({ ...pageQuery, room_type_id: idSchema.optional(), status: roomFields.status.optional() }),
      status: 200,
      result: pageOf(roomSchema),
      handler: async ({ actor, query: { limit, cursor, ...filter }, trx }) => {
        const { currency } = await readHotel(trx, actor.tenantId);
        const [id, key] = decodeCursor(cursor, roomCursorSchema) ?? [null, null];
        const rooms = await Room.query(trx)
          .where({ hotel_id: actor.tenantId, ...defined(filter) })
          .whereRaw("(?::uuid IS NULL OR (sort_key, room_id) > (?, ?))", [id, key, id])
          .orderBy(["sort_key", "room_id"])
          .limit(limit + 1);
        return {
          body: toPage(
            rooms,
            limit,
            (room) => roomView(room, currency),
            (room) => [room.room_id, room.sort_key],
          ),
        };
      },
    }),
    route({
      id: "readRoom",
      method: "GET",
      path: "/rooms/{room_id}",
      summary: "One room",
      access: staff,
      transaction: "tenant",
      params,
      status: 200,
      result: roomSchema,
      handler: async ({ actor, params: { room_id: id }, trx }) => {
        const room = await readRoom(trx, actor.tenantId, id);
        const { currency } = await readHotel(trx, actor.tenantId);
        return { body: roomView(room, currency), etag: room.version };
      },
    }),
    route({
      id: "changeRoom",
      method: "PATCH",
      path: "/rooms/{room_id}",
      summary: "Change a room",
      description:
        "A room that has guests in it or bookings ahead is not taken out of order, and keeps its type. A room with a guest in it, or " +
        "a booking that is to arrive on the business date, is not taken out of service. The answer is " +
        "ROOM_HAS_BOOKINGS, with up to 20 of its `bookings` and their `bookings_count`. With `force`, the room is changed and they stay in it. " +
        "With `retired_from`, the room leaves the inventory, the chart and the figures from that day on, and keeps its history; null takes it back. " +
        "A room that has bookings from that day on is not retired, with `force` neither.",
      access: managers,
      transaction: "tenant",
      params,
      body: z
        .strictObject({
          ...roomFields,
          retired_from: retiredFromSchema,
          force: z.boolean().meta({ description: "Changes the room although it has bookings." }),
        })
        .partial(),
      status: 200,
      result: roomSchema,
      problems: ["NAME_TAKEN", "PRECONDITION_FAILED", "ROOM_HAS_BOOKINGS", "SUBSCRIPTION_LAPSED"],
      handler: async ({ actor, params: { room_id: id }, body, trx, request }) => {
        const hotel = await lockBusinessDate(trx, actor.tenantId, "shared");
        requireSubscription(hotel);
        const room = await lockForChange(trx, actor.tenantId, id, request.ifMatch);
        const changed = await changeRoom(trx, hotel, room, body);
        return { body: roomView(changed, hotel.currency), etag: changed.version };
      },
    }),
    route({
      id: "setHousekeeping",
      method: "PATCH",
      path: "/rooms/{room_id}/housekeeping",
      summary: "Say that a room is clean, dirty or inspected",
      access: staff,
      transaction: "tenant",
      params,
      body: z.strictObject({ housekeeping: roomFields.housekeeping }),
      status: 200,
      result: roomSchema,
      problems: ["PRECONDITION_FAILED"],
      handler: async ({ actor, params: { room_id: id }, body, trx, request }) => {
        const room = await lockForChange(trx, actor.tenantId, id, request.ifMatch);
        const changed = await room.$query(trx).patchAndFetch({ ...body, version: room.version + 1 });
        const { currency } = await readHotel(trx, actor.tenantId);
        return { body: roomView(changed, currency), etag: changed.version };
      },
    }),
    route({
      id: "deleteRoom",
      method: "DELETE",
      path: "/rooms/{room_id}",
      summary: "Remove a room that was never booked",
      access: managers,
      transaction: "tenant",
      params,
      status: 204,
      problems: ["IN_USE", "PRECONDITION_FAILED", "SUBSCRIPTION_LAPSED"],
      handler: async ({ actor, params: { room_id: id }, trx, request }) => {
        requireSubscription(await readHotel(trx, actor.tenantId));
        const room = await lockForChange(trx, actor.tenantId, id, request.ifMatch);
        await withNameConflicts(room.$query(trx).delete());
        return {};
      },
    }),
  ];
}

async function lockForChange(trx: Trx, hotelId: string, roomId: string, ifMatch: string | undefined): Promise<Room> {
  const room = await Room.query(trx).findById([hotelId, roomId]).forUpdate();
  if (room === undefined) throw noSuchRoom();
  requireMatch(ifMatch, room.version);
  return room;
}
