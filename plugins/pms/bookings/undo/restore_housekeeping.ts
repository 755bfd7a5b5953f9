/** Sets the housekeeping of rooms as it was before a change that is taken back. */
import * as z from "zod";

import { idSchema, type Trx } from "../../../../core/mod.ts";
import { lockRooms, type LockedRoom } from "../../allocation/allocations.ts";
import { readRoom } from "../../inventory/inventory.ts";
import { type HousekeepingState, housekeepingStates, Room } from "../../models/room.ts";

/** The housekeeping of rooms. */
export type RoomStates = readonly { readonly room_id: string; readonly housekeeping: HousekeepingState }[];

/** The most rooms that one change of bookings marks dirty. */
const mostRooms = 4;

export const restoreHousekeepingSchema = z
  .array(z.strictObject({ room_id: idSchema, housekeeping: z.enum(housekeepingStates) }))
  .max(mostRooms)
  .optional()
  .meta({ description: "Rooms with the housekeeping that they get, as the `undo` of an answer has them." });

export function housekeepingOf(...rooms: readonly LockedRoom[]): RoomStates {
  return rooms.map(({ room_id, housekeeping }) => ({ room_id, housekeeping }));
}

/**
 * Checks that the rooms exist, before the change. So the answer to an unknown room does not depend on the booking.
 * @throws Problem NOT_FOUND
 */
export async function requireRooms(trx: Trx, hotelId: string, rooms: RoomStates = []): Promise<void> {
  for (const { room_id: id } of rooms) await readRoom(trx, hotelId, id);
}

/** @throws Problem NOT_FOUND if the hotel does not have one of the rooms */
export async function restoreHousekeeping(trx: Trx, hotelId: string, rooms: RoomStates = []): Promise<void> {
  if (rooms.length === 0) return;
  await lockRooms(
    trx,
    hotelId,
    rooms.map(({ room_id: id }) => id),
  );
  for (const { room_id: id, housekeeping } of rooms) {
    await Room.query(trx)
      .findById([hotelId, id])
      .patch({ housekeeping, version: Room.raw("version + 1") });
  }
}
