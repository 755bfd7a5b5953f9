import * as z from "zod";

import { idSchema, newId, route } from "../../../core/mod.ts";
import { managers, readHotel, requireQuota, requireSubscription } from "../../identity/port.ts";
import type { PmsContext } from "../context.ts";
import { Room } from "../models/room.ts";
import { readRoomType, requireFreeNumber, withNameConflicts } from "./inventory.ts";
import { roomFields, roomSchema, roomView } from "./views.ts";

/** The most rooms of one request. Each room takes two statements. */
const mostRooms = 200;

export function roomBulkRoutes({ env }: PmsContext) {
  return [
    route({
      id: "createRooms",
      method: "POST",
      path: "/rooms/bulk",
      summary: "Add several rooms of one type: all of them, or none",
      access: managers,
      transaction: "tenant",
      body: z.strictObject({
        room_type_id: idSchema,
        floor: roomFields.floor.default(null),
        room_numbers: z
          .array(roomFields.room_number)
          .min(1)
          .max(mostRooms)
          .meta({ examples: [["101", "102"]] }),
      }),
      status: 201,
      result: z.strictObject({ rooms: z.array(roomSchema) }),
      undo: { none: "Delete the rooms one by one." },
      problems: ["NOT_FOUND", "NAME_TAKEN", "SUBSCRIPTION_LAPSED", "TRIAL_QUOTA_REACHED"],
      handler: async ({ actor: { tenantId }, body: { room_numbers: numbers, ...fields }, trx }) => {
        const hotel = await readHotel(trx, tenantId);
        requireSubscription(hotel);
        // The quota refuses a row if the hotel has the most rows already: the last of these rows counts the others.
        await requireQuota(trx, hotel, { of: "rooms", most: env.TRIAL_ROOMS }, async () => {
          return (await Room.query(trx).where({ hotel_id: tenantId }).resultSize()) + numbers.length - 1;
        });
        await readRoomType(trx, tenantId, fields.room_type_id);
        const rooms: Room[] = [];
        for (const room_number of numbers) {
          // One after the other, so that the refusal of a number twice in the list names it.
          await requireFreeNumber(trx, tenantId, room_number);
          const row = { hotel_id: tenantId, room_id: newId(), room_number, ...fields };
          rooms.push(await withNameConflicts(Room.query(trx).insertAndFetch(row)));
        }
        return { body: { rooms: rooms.map((room) => roomView(room, hotel.currency)) } };
      },
    }),
  ];
}
