/** What all that works with rooms and room types has in common. */
import { constraintOf, type Day, prepare, problems, sqlStateOf, type Trx } from "../../../core/mod.ts";
import { noSuchRoom, noSuchRoomType, pmsProblems } from "../errors.ts";
import { Room } from "../models/room.ts";
import { RoomType } from "../models/room_type.ts";

const uniqueNames = new Set(["room_types_name", "rooms_number"]);

/** Runs a write; a taken name and a thing that others still point at become problems that say so. */
export async function withNameConflicts<T>(work: PromiseLike<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (uniqueNames.has(constraintOf(error) ?? "")) {
      throw pmsProblems.NAME_TAKEN("Another one in this hotel is called the same, or looks the same.", {
        cause: error,
      });
    }
    if (sqlStateOf(error) === "23503") {
      throw problems.IN_USE("Rooms, bookings or nights that were sold still point at it.", { cause: error });
    }
    throw error;
  }
}

const sameNumberStatement = prepare<{ room_id: string; room_number: string; retired_from: Day | null }>(
  "pms_same_number",
  `SELECT room_id, room_number, retired_from FROM pms.rooms
   WHERE hotel_id = $1 AND pms.name_key(room_number) = pms.name_key($2) AND duplicate = 0 AND room_id IS DISTINCT FROM $3::uuid
     -- A room that keeps its number keeps the one that looked the same before that was refused.
     AND pms.name_key($2) IS DISTINCT FROM (SELECT pms.name_key(room_number) FROM pms.rooms WHERE hotel_id = $1 AND room_id = $3)`,
);

/**
 * Checks that no other room has a number, or one that looks the same, and says which room has it. A retired room keeps its
 * number, because bookings and reports of its time show it. The unique index catches two requests at once.
 * @param ownId the room that gets the number; null: a new one
 * @throws Problem NAME_TAKEN
 */
export async function requireFreeNumber(
  trx: Trx,
  hotelId: string,
  number: string,
  ownId: string | null = null,
): Promise<void> {
  const [same] = await sameNumberStatement.run(trx, [hotelId, number, ownId]);
  if (same === undefined) return;
  const { room_id, room_number, retired_from } = same;
  const remedy =
    retired_from === null
      ? "Choose another number."
      : `It is retired from ${retired_from} on. Give the retired room another number first, or take it back with retired_from: null.`;
  throw pmsProblems.NAME_TAKEN(`Room ${room_number} is called the same, or looks the same. ${remedy}`, {
    members: { room_id, room_number, retired_from },
  });
}

/** @throws Problem NOT_FOUND */
export async function readRoomType(trx: Trx, hotelId: string, roomTypeId: string): Promise<RoomType> {
  const type = await RoomType.query(trx).findById([hotelId, roomTypeId]);
  if (type === undefined) throw noSuchRoomType();
  return type;
}

/** @throws Problem NOT_FOUND */
export async function readRoom(trx: Trx, hotelId: string, roomId: string): Promise<Room> {
  const room = await Room.query(trx).findById([hotelId, roomId]);
  if (room === undefined) throw noSuchRoom();
  return room;
}
