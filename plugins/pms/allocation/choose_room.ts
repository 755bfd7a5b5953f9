/**
 * Chooses a room for a stay that was booked by room type: the free room in which the stay leaves the smallest gaps.
 * This keeps long gaps for long stays. A gap of 60 nights or more counts as 60.
 *
 * For a stay that begins today:
 * - rooms out of service are left out,
 * - dirty rooms come after clean ones,
 * - rooms with a guest who has not left come last.
 */
import { type Day, prepare, type Trx } from "../../../core/mod.ts";
import { isSellable, lockedRoomColumns, lockRoom, type LockedRoom } from "./allocations.ts";

/**
 * Finds the rooms that are free for a stay, with the allocations before and after it. `$1` is the hotel, `$2` the
 * arrival, `$3` the departure, `$4` the business date.
 */
export const freeRoomsSql = `FROM pms.rooms r
   JOIN pms.room_types t ON t.hotel_id = r.hotel_id AND t.room_type_id = r.room_type_id
   LEFT JOIN LATERAL (SELECT o.departure FROM pms.occupancies o
     WHERE o.hotel_id = $1 AND o.room_id = r.room_id AND o.arrival < $2::date
     ORDER BY o.arrival DESC LIMIT 1) AS before ON true
   LEFT JOIN LATERAL (SELECT o.arrival FROM pms.occupancies o
     WHERE o.hotel_id = $1 AND o.room_id = r.room_id AND o.arrival >= $2::date
     ORDER BY o.arrival LIMIT 1) AS after ON true
   WHERE r.hotel_id = $1 AND r.status <> 'out_of_order'
     AND (r.status <> 'out_of_service' OR $2::date > $4::date) AND coalesce(r.retired_from >= $3::date, true)
     AND coalesce(before.departure <= $2::date, true) AND coalesce(after.arrival >= $3::date, true)`;

/** The first part of the order of these rooms: rooms that are vacant and clean, for a stay that begins today. */
export const readyFirstSql = `($2::date <= $4::date AND EXISTS (
       SELECT FROM pms.bookings b WHERE b.hotel_id = $1 AND b.room_id = r.room_id AND b.status = 'in_house')),
     ($2::date <= $4::date AND r.housekeeping = 'dirty')`;

/** The second part of the order: the smallest gaps. */
export const smallestGapFirstSql = `
     least(coalesce($2::date - before.departure, 60), 60) + least(coalesce(after.arrival - $3::date, 60), 60),
     r.sort_key, r.room_id`;

/** The order of these rooms: the best one is the first. */
export const bestFirstSql = `${readyFirstSql}, ${smallestGapFirstSql}`;

/** Runs twice in one transaction. In read committed, each run sees what was committed before it began. */
const bestRoomSql = `SELECT ${lockedRoomColumns} ${freeRoomsSql} AND r.room_type_id = $5
   ORDER BY ${bestFirstSql} LIMIT 1`;

const lockBestStatement = prepare<LockedRoom>(
  "pms_lock_best_room",
  `${bestRoomSql} FOR NO KEY UPDATE OF r SKIP LOCKED`,
);
const findBestStatement = prepare<LockedRoom>("pms_find_best_room", bestRoomSql);

export interface RoomSearch {
  readonly hotelId: string;
  readonly roomTypeId: string;
  readonly arrival: Day;
  readonly departure: Day;
}

/**
 * Locks the best room of a type that looks free. Skips rooms that other transactions have locked. If each free room is
 * locked, waits for the best one, because the other transaction might not take it.
 * @param today the business date
 * @returns undefined if no room is free
 */
export async function lockBestRoom(trx: Trx, search: RoomSearch, today: Day): Promise<LockedRoom | undefined> {
  const { hotelId, roomTypeId, arrival, departure } = search;
  const values = [hotelId, arrival, departure, today, roomTypeId];
  const [locked] = await lockBestStatement.run(trx, values);
  if (locked !== undefined) return locked;
  const [free] = await findBestStatement.run(trx, values);
  return free === undefined ? undefined : lockRoom(trx, hotelId, free.room_id);
}

const stillFreeStatement = prepare<object>(
  "pms_still_free",
  `SELECT WHERE NOT EXISTS (
     SELECT FROM pms.occupancies WHERE hotel_id = $1 AND room_id = $2 AND arrival < $4::date AND departure > $3::date)`,
);

/**
 * Locks the best room and checks again that it is free: another transaction can take it before the lock is granted.
 * @returns undefined if no room is free
 */
export async function lockFreeRoom(trx: Trx, search: RoomSearch, today: Day): Promise<LockedRoom | undefined> {
  const { hotelId, arrival, departure } = search;
  for (;;) {
    const room = await lockBestRoom(trx, search, today);
    if (room === undefined) return undefined;
    const [free] = await stillFreeStatement.run(trx, [hotelId, room.room_id, arrival, departure]);
    if (free !== undefined && isSellable(room, search, today)) return room;
  }
}
