/** Finds the rooms that are free on all nights of a stay and open to arrivals on its first day. */
import { type Day, prepareNamed, type Trx } from "../../../core/mod.ts";

export interface FreeRoom {
  readonly room_id: string;
  readonly room_number: string;
  readonly sort_key: string;
  readonly room_type_id: string;
  readonly room_type: string;
  readonly capacity: number;
  /** The price of a night without a day rate. */
  readonly rate: string;
}

/**
 * Scans the hotel's allocations once instead of looking up each room. A stay of up to 31 nights that is still there
 * began at most 31 days before. The few longer stays have their own index.
 *
 * NOT IN, because PostgreSQL always hashes it. With NOT EXISTS, PostgreSQL chooses by cost, and uses its generic plan
 * from the sixth run on. That plan expects a handful of rows and compares each room with each taken one. In a hotel of
 * 2,000 rooms, these are two million comparisons.
 */
export const freeRoomsStatement = prepareNamed<FreeRoom>(
  "pms_free_rooms",
  `SELECT r.room_id, r.room_number, r.sort_key, r.room_type_id, t.name AS room_type, t.capacity,
     coalesce(r.rate, t.rate) AS rate
   FROM pms.rooms r JOIN pms.room_types t ON t.hotel_id = r.hotel_id AND t.room_type_id = r.room_type_id
   WHERE r.hotel_id = :hotel_id AND r.status <> 'out_of_order'
     AND (r.status <> 'out_of_service'
       OR :arrival::date > (SELECT h.business_date FROM identity.hotels h WHERE h.hotel_id = :hotel_id))
     AND coalesce(r.retired_from >= :departure::date, true)
     AND (:room_type_id::uuid IS NULL OR r.room_type_id = :room_type_id) AND t.capacity >= :guests
     AND r.room_id NOT IN (
       SELECT room_id FROM pms.occupancies
       WHERE hotel_id = :hotel_id AND departure - arrival <= 31
         AND arrival > :arrival::date - 31 AND arrival < :departure::date AND departure > :arrival::date
       UNION ALL
       SELECT room_id FROM pms.occupancies
       WHERE hotel_id = :hotel_id AND departure - arrival > 31
         AND departure > :arrival::date AND arrival < :departure::date
     )
     AND (:include_restricted::boolean OR NOT EXISTS (
       SELECT FROM pms.rates d
       WHERE d.hotel_id = :hotel_id AND d.room_type_id = r.room_type_id AND d.date = :arrival::date
         AND (d.closed_to_arrival OR d.minimum_stay > :departure::date - :arrival::date)))
     AND (:after_room_id::uuid IS NULL OR (r.sort_key, r.room_id) > (:after_sort_key, :after_room_id::uuid))
   ORDER BY r.room_type_id IS DISTINCT FROM :preferred_type_id::uuid, r.sort_key, r.room_id LIMIT :limit`,
);

export interface AvailabilitySearch {
  readonly hotelId: string;
  readonly arrival: Day;
  readonly departure: Day;
  readonly roomTypeId?: string | undefined;
  readonly guests: number;
  /** The id and sort key of the last room of the previous page. */
  readonly after?: readonly [roomId: string, sortKey: string] | undefined;
  /** Rooms of this type come first. Must not be combined with pages, which are ordered by number alone. */
  readonly preferredTypeId?: string | undefined;
  /** Also finds rooms of types that are closed to arrival on the first day or have a longer minimum stay. */
  readonly includeRestricted?: boolean | undefined;
  /** The most rooms. */
  readonly limit: number;
}

/**
 * Finds the rooms that are free on all nights of `[arrival, departure)`, ordered by number.
 * Leaves out rooms out of service if the stay begins on the business date.
 */
export function freeRooms(trx: Trx, search: AvailabilitySearch): Promise<FreeRoom[]> {
  return freeRoomsStatement.run(trx, freeRoomsValues(search));
}

/** The search as values of the statement. */
export function freeRoomsValues(search: AvailabilitySearch) {
  const [afterRoomId, afterSortKey] = search.after ?? [null, null];
  return {
    hotel_id: search.hotelId,
    arrival: search.arrival,
    departure: search.departure,
    room_type_id: search.roomTypeId ?? null,
    guests: search.guests,
    after_room_id: afterRoomId,
    after_sort_key: afterSortKey,
    limit: search.limit,
    preferred_type_id: search.preferredTypeId ?? null,
    include_restricted: search.includeRestricted ?? false,
  };
}
