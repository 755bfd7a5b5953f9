/** The schemas of rooms and room types in answers, and the functions that fill them. */
import * as z from "zod";

import { amountSchema, daySchema, formatAmount, idSchema, labelSchema, textSchema } from "../../../core/mod.ts";
import { housekeepingStates, type Room, roomStatuses } from "../models/room.ts";
import type { RoomType } from "../models/room_type.ts";

export const roomTypeFields = {
  name: textSchema(100).meta({ examples: ["Double"] }),
  capacity: z.number().int().min(1).max(100).meta({ description: "The most guests of one stay." }),
  rate: amountSchema.meta({ description: "The price of one night, in the hotel's currency." }),
};

export const roomTypeSchema = z
  .strictObject({ room_type_id: idSchema, hotel_id: idSchema, ...roomTypeFields, name: z.string() })
  .meta({ id: "RoomType" });

export function roomTypeView(type: RoomType, currency: string): z.input<typeof roomTypeSchema> {
  const { room_type_id, hotel_id, name, capacity, rate } = type;
  return { room_type_id, hotel_id, name, capacity, rate: formatAmount(rate, currency) };
}

/** The answer with a room type and its ETag. */
export const answerRoomType = (type: RoomType, currency: string) => ({
  body: roomTypeView(type, currency),
  etag: type.version,
});

export const roomFields = {
  room_number: labelSchema(20).meta({ examples: ["101"] }),
  room_type_id: idSchema,
  rate: amountSchema.nullable().meta({ description: "The price of one night. Null means the rate of the room type." }),
  floor: labelSchema(20).nullable().meta({ description: "The floor or building, such as `2` or `Annex`." }),
  status: z.enum(roomStatuses),
  housekeeping: z.enum(housekeepingStates),
};

export const retiredFromSchema = daySchema.nullable().meta({
  description: "The first night for which the room is no longer part of the hotel. Null means that it is not retired.",
});

/**
 * The end of a page of rooms: the id and sort key of its last room. The id comes first so that old cursors are refused.
 * They contained a room number instead of a sort key, and would skip rooms.
 */
export const roomCursorSchema = z.tuple([
  idSchema,
  z.string().refine((key) => key.length <= 500 && key.isWellFormed() && !key.includes("\0")),
]);

export const roomSchema = z
  .strictObject({
    room_id: idSchema,
    hotel_id: idSchema,
    ...roomFields,
    room_number: z.string(),
    floor: z.string().nullable(),
    retired_from: retiredFromSchema,
  })
  .meta({ id: "Room" });

export function roomView(room: Room, currency: string): z.input<typeof roomSchema> {
  const { room_id, hotel_id, room_number, room_type_id, floor, rate, status, housekeeping, retired_from } = room;
  const ownRate = rate === null ? null : formatAmount(rate, currency);
  return { room_id, hotel_id, room_number, room_type_id, floor, rate: ownRate, status, housekeeping, retired_from };
}

/** The answer with a room and its ETag. */
export const answerRoom = (room: Room, currency: string) => ({ body: roomView(room, currency), etag: room.version });
