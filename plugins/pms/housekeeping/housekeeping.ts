/** Reads the list of housekeeping, and sets the state of several rooms at once. Neither shows a guest's name. */
import { type Day, prepare, type Trx } from "../../../core/mod.ts";
import { noSuchRooms } from "../errors.ts";
import type { Room } from "../models/room.ts";

type Housekeeping = Room["housekeeping"];

/** A room as housekeeping sees it. */
export interface RoomToClean extends Pick<
  Room,
  "room_id" | "room_number" | "floor" | "room_type_id" | "status" | "housekeeping"
> {
  readonly room_type: string;
  readonly is_closed: boolean;
  readonly is_occupied: boolean;
  readonly is_due_out: boolean;
  readonly next_arrival_at: Date | null;
  readonly next_guests: number | null;
}

/**
 * Reads the rooms first, and joins the few bookings in house or due, and the closures of tonight. As on the board,
 * OFFSET 0 makes PostgreSQL find these bookings by their state.
 */
const listStatement = prepare<RoomToClean>(
  "pms_housekeeping",
  `WITH here AS MATERIALIZED (
     SELECT room_id, departure FROM pms.bookings WHERE hotel_id = $1 AND status = 'in_house' OFFSET 0
   ), due AS MATERIALIZED (
     SELECT DISTINCT ON (room_id) room_id, check_in_at, adults + children AS guests FROM (
       SELECT room_id, check_in_at, adults, children FROM pms.bookings
       WHERE hotel_id = $1 AND status = 'confirmed' AND arrival <= $2::date OFFSET 0
     ) AS expected ORDER BY room_id, check_in_at
   )
   SELECT r.room_id, r.room_number, r.floor, r.room_type_id, t.name AS room_type, r.status, r.housekeeping,
     coalesce((
       SELECT departure > $2::date AND booking_id IS NULL FROM pms.occupancies o
       WHERE o.hotel_id = $1 AND o.room_id = r.room_id AND o.arrival <= $2::date ORDER BY o.arrival DESC LIMIT 1
     ), false) AS is_closed,
     here.room_id IS NOT NULL AS is_occupied,
     coalesce(here.departure <= $2::date, false) AS is_due_out,
     due.check_in_at AS next_arrival_at, due.guests AS next_guests
   FROM pms.rooms r
   JOIN pms.room_types t ON t.hotel_id = $1 AND t.room_type_id = r.room_type_id
   LEFT JOIN here ON here.room_id = r.room_id
   LEFT JOIN due ON due.room_id = r.room_id
   WHERE r.hotel_id = $1 AND coalesce(r.retired_from > $2::date, true)
   ORDER BY r.sort_key, r.room_id`,
);

/** Reads the rooms that belong to the hotel today, by number in natural order. */
export async function readHousekeeping(trx: Trx, hotelId: string, today: Day): Promise<RoomToClean[]> {
  return listStatement.run(trx, [hotelId, today]);
}

export interface HousekeepingChange extends Pick<Room, "room_id" | "room_number" | "housekeeping"> {
  /** The state before the change. */
  readonly before: Housekeeping;
}

/** Locks the rooms in the order of their ids, so that two requests with the same rooms can't deadlock. */
const setStatement = prepare<HousekeepingChange>(
  "pms_set_housekeeping",
  `WITH locked AS MATERIALIZED (
     SELECT room_id, housekeeping AS before FROM pms.rooms
     WHERE hotel_id = $1 AND room_id = ANY($2::uuid[]) AND coalesce(retired_from > $4::date, true)
     ORDER BY room_id FOR UPDATE
   )
   UPDATE pms.rooms r SET housekeeping = given.housekeeping, version = version + 1
   FROM locked JOIN unnest($2::uuid[], $3::text[]) AS given (room_id, housekeeping) USING (room_id)
   WHERE r.hotel_id = $1 AND r.room_id = locked.room_id
   RETURNING r.room_id, r.room_number, r.housekeeping, locked.before`,
);

/** Sets the state of rooms: all of them, or none. @throws Problem NOT_FOUND for an unknown or retired room */
export async function setHousekeeping(
  trx: Trx,
  hotelId: string,
  rooms: readonly Pick<Room, "room_id" | "housekeeping">[],
  today: Day,
): Promise<HousekeepingChange[]> {
  const states = new Map(rooms.map(({ room_id: id, housekeeping }) => [id, housekeeping]));
  const ids = [...states.keys()];
  const changed = await setStatement.run(trx, [hotelId, ids, [...states.values()], today]);
  const byId = new Map(changed.map((room) => [room.room_id, room]));
  const missing = ids.filter((id) => !byId.has(id));
  if (missing.length > 0) throw noSuchRooms(missing);
  return ids.flatMap((id) => byId.get(id) ?? []);
}
