/** Sets the housekeeping of rooms as it was before a change that is taken back. */
import * as z from "zod";

import { idSchema, type Trx } from "../../../../core/mod.ts";
import { lockRooms, type LockedRoom } from "../../allocation/allocations.ts";
import { type HousekeepingState, housekeepingStates, Room } from "../../models/room.ts";

/** The housekeeping of rooms, by their ids. */
export type RoomStates = Readonly<Record<string, HousekeepingState>>;

/** The most rooms that one change of bookings marks dirty. */
const mostRooms = 4;

export const restoreHousekeepingSchema = z
  .record(idSchema, z.enum(housekeepingStates))
  .refine((rooms) => Object.keys(rooms).length <= mostRooms, `has more than ${mostRooms} rooms`)
  .optional()
  .meta({ description: "Rooms by their ids, with the housekeeping that they get. The `undo` of an answer has it." });

export function housekeepingOf(...rooms: readonly LockedRoom[]): RoomStates {
  return Object.fromEntries(rooms.map(({ room_id: id, housekeeping }) => [id, housekeeping]));
}

/** @throws Problem NOT_FOUND if the hotel does not have one of the rooms */
export async function restoreHousekeeping(trx: Trx, hotelId: string, states: RoomStates = {}): Promise<void> {
  const rooms = Object.entries(states).sort(([a], [b]) => (a < b ? -1 : 1));
  if (rooms.length === 0) return;
  await lockRooms(
    trx,
    hotelId,
    rooms.map(([id]) => id),
  );
  for (const [id, housekeeping] of rooms) {
    await Room.query(trx)
      .findById([hotelId, id])
      .patch({ housekeeping, version: Room.raw("version + 1") });
  }
}
