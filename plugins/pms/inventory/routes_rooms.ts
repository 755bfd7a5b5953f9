import * as z from "zod";

import { decodeCursor, defined, idSchema, newId, pageOf, pageQuery, pick, route, toPage } from "../../../core/mod.ts";
import { managers, readHotel, requireSubscription, staff } from "../../identity/port.ts";
import type { PmsContext } from "../context.ts";
import { shareBusinessDate } from "../business_date/lock_business_date.ts";
import { changeRoom } from "./change_room.ts";
import {
  lockRoomForChange,
  readRoom,
  readRoomType,
  requireFreeNumber,
  requireInventoryQuota,
  withNameConflicts,
} from "./inventory.ts";
import { Room } from "../models/room.ts";
import { rateIn } from "./rate_amount.ts";
import { answerRoom, retiredFromSchema, roomCursorSchema, roomFields, roomSchema, roomView } from "./views.ts";

const params = z.strictObject({ room_id: idSchema });

export function roomRoutes({ env }: PmsContext) {
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
        floor: roomFields.floor.default(null),
        status: roomFields.status.default("available"),
        housekeeping: roomFields.housekeeping.default("clean"),
      }),
      status: 201,
      result: roomSchema,
      undo: ["deleteRoom"],
      problems: ["NOT_FOUND", "NAME_TAKEN", "SUBSCRIPTION_LAPSED", "TRIAL_QUOTA_REACHED"],
      handler: async ({ actor, body, trx }) => {
        const quota = { of: "rooms", most: env.TRIAL_ROOMS };
        const hotel = await requireInventoryQuota(trx, actor.tenantId, Room, quota);
        await readRoomType(trx, actor.tenantId, body.room_type_id);
        const rate = typeof body.rate === "string" ? rateIn(hotel.currency, body.rate) : null;
        await requireFreeNumber(trx, actor.tenantId, body.room_number);
        const room = await withNameConflicts(
          Room.query(trx).insertAndFetch({ hotel_id: actor.tenantId, room_id: newId(), ...body, rate }),
        );
        const headers = { Location: `/rooms/${room.room_id}` };
        const undo = { operation: "deleteRoom", params: { room_id: room.room_id } };
        return { ...answerRoom(room, hotel.currency), headers, undo };
      },
    }),
    route({
      id: "listRooms",
      method: "GET",
      path: "/rooms/",
      summary: "List the rooms by number in natural order: 2 before 10",
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
      summary: "Read one room",
      access: staff,
      transaction: "tenant",
      params,
      status: 200,
      result: roomSchema,
      handler: async ({ actor, params: { room_id: id }, trx }) => {
        const room = await readRoom(trx, actor.tenantId, id);
        const { currency } = await readHotel(trx, actor.tenantId);
        return answerRoom(room, currency);
      },
    }),
    route({
      id: "changeRoom",
      method: "PATCH",
      path: "/rooms/{room_id}",
      summary: "Change a room",
      description:
        "Answers ROOM_HAS_BOOKINGS in two cases. A room with a guest in house or a later booking can't go out of " +
        "order or get another type. A room with a guest in house or an arrival today can't go out of service. " +
        "The answer has up to 20 of the `bookings` and their `bookings_count`. With `force`, the room is changed and " +
        "the bookings stay in it. With `retired_from`, the room leaves the inventory, the chart and the figures from " +
        "that day on, and keeps its history. Null ends the retirement. " +
        "A room with bookings from that day on can't be retired, also not with `force`.",
      access: managers,
      transaction: "tenant",
      params,
      body: z
        .strictObject({
          ...roomFields,
          retired_from: retiredFromSchema,
          force: z.boolean().meta({ description: "Change the room although it has bookings." }),
        })
        .partial(),
      status: 200,
      result: roomSchema,
      undo: ["changeRoom"],
      problems: ["NAME_TAKEN", "PRECONDITION_FAILED", "ROOM_HAS_BOOKINGS", "SUBSCRIPTION_LAPSED"],
      handler: async ({ actor, params: { room_id: id }, body, trx, request }) => {
        const hotel = await shareBusinessDate(trx, actor.tenantId);
        requireSubscription(hotel);
        const room = await lockRoomForChange(trx, actor.tenantId, id, request.ifMatch);
        const before = pick(roomView(room, hotel.currency), Object.keys(body));
        const changed = await changeRoom(trx, hotel, room, body);
        // The bookings that stayed in the room by `force` stay in it on the way back too.
        const undo = { operation: "changeRoom", params: { room_id: id }, body: { ...before, force: true } };
        return { ...answerRoom(changed, hotel.currency), undo };
      },
    }),
    route({
      id: "setHousekeeping",
      method: "PATCH",
      path: "/rooms/{room_id}/housekeeping",
      summary: "Set a room to clean, dirty or inspected",
      access: staff,
      transaction: "tenant",
      params,
      body: z.strictObject({ housekeeping: roomFields.housekeeping }),
      status: 200,
      result: roomSchema,
      undo: ["setHousekeeping"],
      problems: ["PRECONDITION_FAILED"],
      handler: async ({ actor, params: { room_id: id }, body, trx, request }) => {
        const room = await lockRoomForChange(trx, actor.tenantId, id, request.ifMatch);
        const { housekeeping } = room;
        const changed = await room.$query(trx).patchAndFetch({ ...body, version: room.version + 1 });
        const { currency } = await readHotel(trx, actor.tenantId);
        const undo = { operation: "setHousekeeping", params: { room_id: id }, body: { housekeeping } };
        return { ...answerRoom(changed, currency), undo };
      },
    }),
    route({
      id: "deleteRoom",
      method: "DELETE",
      path: "/rooms/{room_id}",
      summary: "Delete a room that was never booked",
      access: managers,
      transaction: "tenant",
      params,
      status: 200,
      undo: { none: "A deleted room does not come back. Add it again." },
      problems: ["IN_USE", "PRECONDITION_FAILED", "SUBSCRIPTION_LAPSED"],
      handler: async ({ actor, params: { room_id: id }, trx, request }) => {
        requireSubscription(await readHotel(trx, actor.tenantId));
        const room = await lockRoomForChange(trx, actor.tenantId, id, request.ifMatch);
        await withNameConflicts(room.$query(trx).delete());
        return {};
      },
    }),
  ];
}
