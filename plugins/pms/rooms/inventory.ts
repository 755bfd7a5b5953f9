/** What all that works with rooms and room types has in common. */
import { constraintOf, problems, sqlStateOf, type Trx } from "../../../core/mod.ts";
import { noSuchRoom, noSuchRoomType, pmsProblems } from "../errors.ts";
import { Room } from "../models/room.ts";
import { RoomType } from "../models/room_type.ts";

const uniqueNames = new Set(["room_types_name", "rooms_number"]);

/** Runs a write; a taken name and a thing that others still point at become problems that say so. */
export async function write<T>(work: PromiseLike<T>): Promise<T> {
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
