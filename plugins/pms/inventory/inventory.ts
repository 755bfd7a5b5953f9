/** Reads rooms and room types, and maps the errors of their constraints. */
import type { Model, ModelClass } from "objection";

import { constraintOf, type Day, prepare, problems, requireMatch, sqlStateOf, type Trx } from "../../../core/mod.ts";
import { type HotelSettings, readHotel, requireQuota, requireSubscription } from "../../identity/port.ts";
import { noSuchRoom, noSuchRoomType, pmsProblems } from "../errors.ts";
import { Room } from "../models/room.ts";
import { RoomType } from "../models/room_type.ts";

const uniqueNames = new Set(["room_types_name", "rooms_number"]);

/**
 * Runs a write of a room or a room type, and turns the errors of its constraints into problems.
 * @throws Problem NAME_TAKEN if another row has the name or number
 * @throws Problem IN_USE if other rows refer to the row
 */
export async function withNameConflicts<T>(work: PromiseLike<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (uniqueNames.has(constraintOf(error) ?? "")) {
      throw pmsProblems.NAME_TAKEN("Another one in this hotel has the same name, or one that looks the same.", {
        cause: error,
      });
    }
    if (sqlStateOf(error) === "23503") {
      throw problems.IN_USE("Rooms, bookings or sold nights still refer to it.", { cause: error });
    }
    throw error;
  }
}

const sameNumberStatement = prepare<{ room_id: string; room_number: string; retired_from: Day | null }>(
  "pms_same_number",
  `SELECT room_id, room_number, retired_from FROM pms.rooms
   WHERE hotel_id = $1 AND pms.name_key(room_number) = pms.name_key($2) AND duplicate = 0
     AND room_id IS DISTINCT FROM $3::uuid
     -- A room can keep its number, even if another room has had a similar one since before that was refused.
     AND pms.name_key($2) IS DISTINCT FROM (
       SELECT pms.name_key(room_number) FROM pms.rooms WHERE hotel_id = $1 AND room_id = $3)`,
);

/**
 * Checks that no other room has a number, or one that looks the same. A retired room keeps its number, because bookings
 * and reports of its time show it. The unique index refuses the second of two concurrent requests.
 * @param ownId the room that gets the number. Null for a new room
 * @throws Problem NAME_TAKEN with the room that has the number
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
      : `It is retired from ${retired_from} on. Give it another number first, or set its retired_from to null.`;
  throw pmsProblems.NAME_TAKEN(`Room ${room_number} has the same number, or one that looks the same. ${remedy}`, {
    members: { room_id, room_number, retired_from },
  });
}

/** A row of the inventory that requests change. */
interface Versioned {
  readonly version: number;
}

/** Checks that a row exists and that the caller has seen its latest version. @throws Problem PRECONDITION_FAILED */
function requireCurrent<Row extends Versioned>(row: Row | undefined, ifMatch: string | undefined, missing: Error): Row {
  if (row === undefined) throw missing;
  requireMatch(ifMatch, row.version);
  return row;
}

/** Locks a room's row for a change. @throws Problem NOT_FOUND, PRECONDITION_FAILED */
export async function lockRoomForChange(
  trx: Trx,
  hotelId: string,
  roomId: string,
  ifMatch: string | undefined,
): Promise<Room> {
  return requireCurrent(await Room.query(trx).findById([hotelId, roomId]).forUpdate(), ifMatch, noSuchRoom());
}

/** Locks a room type's row for a change. @throws Problem NOT_FOUND, PRECONDITION_FAILED */
export async function lockRoomTypeForChange(
  trx: Trx,
  hotelId: string,
  typeId: string,
  ifMatch: string | undefined,
): Promise<RoomType> {
  return requireCurrent(await RoomType.query(trx).findById([hotelId, typeId]).forUpdate(), ifMatch, noSuchRoomType());
}

/**
 * Reads the hotel for which a row is about to be added to the inventory.
 * @param quota the rows of a hotel on trial
 * @throws Problem SUBSCRIPTION_LAPSED, TRIAL_QUOTA_REACHED
 */
export async function requireInventoryQuota<Row extends Model>(
  trx: Trx,
  hotelId: string,
  model: ModelClass<Row>,
  quota: { readonly of: string; readonly most: number },
): Promise<HotelSettings> {
  const hotel = await readHotel(trx, hotelId);
  requireSubscription(hotel);
  await requireQuota(trx, hotel, quota, () => model.query(trx).where({ hotel_id: hotelId }).resultSize());
  return hotel;
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
