/** Which rooms are free on every night of a stay and may be arrived in on its first day. */
import { type Day, prepare, type Trx } from "../../../core/mod.ts";

export interface FreeRoom {
  readonly room_id: string;
  readonly room_number: string;
  readonly sort_key: string;
  readonly room_type_id: string;
  readonly room_type: string;
  readonly capacity: number;
  /** Of one night without a rate of its own. */
  readonly rate: string;
}

/**
 * One range scan over the hotel's occupancies, not one look-up per room: short stays that could still be there began
 * at most 31 days before, and the few long ones have an index of their own.
 *
 * NOT IN, because PostgreSQL always hashes it. For NOT EXISTS it compares costs, and its plan for all values, which it
 * takes from the sixth run on, expects a handful of rows and compares each room with each taken one: in a hotel of 2,000
 * rooms, two million comparisons.
 */
export const freeRoomsStatement = prepare<FreeRoom>(
  "pms_free_rooms",
  `SELECT r.room_id, r.room_number, r.sort_key, r.room_type_id, t.name AS room_type, t.capacity, coalesce(r.rate, t.rate) AS rate
   FROM pms.rooms r JOIN pms.room_types t ON t.hotel_id = r.hotel_id AND t.room_type_id = r.room_type_id
   WHERE r.hotel_id = $1 AND r.status <> 'out_of_order'
     AND (r.status <> 'out_of_service' OR $2::date > (SELECT h.business_date FROM identity.hotels h WHERE h.hotel_id = $1))
     AND coalesce(r.retired_from >= $3::date, true)
     AND ($4::uuid IS NULL OR r.room_type_id = $4) AND t.capacity >= $5
     AND r.room_id NOT IN (
       SELECT room_id FROM pms.occupancies
       WHERE hotel_id = $1 AND departure - arrival <= 31
         AND arrival > $2::date - 31 AND arrival < $3::date AND departure > $2::date
       UNION ALL
       SELECT room_id FROM pms.occupancies
       WHERE hotel_id = $1 AND departure - arrival > 31 AND departure > $2::date AND arrival < $3::date
     )
     AND ($10::boolean OR NOT EXISTS (SELECT FROM pms.rates d WHERE d.hotel_id = $1 AND d.room_type_id = r.room_type_id AND d.date = $2::date
       AND (d.closed_to_arrival OR d.minimum_stay > $3::date - $2::date)))
     AND ($6::uuid IS NULL OR (r.sort_key, r.room_id) > ($7, $6::uuid))
   ORDER BY r.room_type_id IS DISTINCT FROM $9::uuid, r.sort_key, r.room_id LIMIT $8`,
);

export interface AvailabilitySearch {
  readonly hotelId: string;
  readonly arrival: Day;
  readonly departure: Day;
  readonly roomTypeId?: string | undefined;
  readonly guests: number;
  /** The id and sort key of the room that the last page ended with. */
  readonly after?: readonly [roomId: string, sortKey: string] | undefined;
  /** Rooms of this type come first; not where pages are asked for, which go by number alone. */
  readonly preferredTypeId?: string | undefined;
  /** Also rooms of types that may not be arrived in on the first day, or for a longer stay only. */
  readonly includeRestricted?: boolean | undefined;
  /** Rooms at most. */
  readonly limit: number;
}

/**
 * The rooms that are free on every night of `[arrival, departure)`, by number. Rooms out of service are left out where the stay
 * begins on the business date.
 */
export function freeRooms(trx: Trx, search: AvailabilitySearch): Promise<FreeRoom[]> {
  return freeRoomsStatement.run(trx, freeRoomsValues(search));
}

/** The search as values of the statement. */
export function freeRoomsValues(search: AvailabilitySearch): (string | number | null)[] {
  const { hotelId, arrival, departure, roomTypeId = null, guests, after = [null, null], limit } = search;
  return [
    hotelId,
    arrival,
    departure,
    roomTypeId,
    guests,
    ...after,
    limit,
    search.preferredTypeId ?? null,
    String(search.includeRestricted ?? false),
  ];
}
