/** Counts the free rooms of each room type on each day of a range. */
import { type Day, eachDay, prepare, type Trx } from "../../../core/mod.ts";

/** A room type, as the calendar and the quotes show it. */
export interface TypeFacts {
  readonly room_type_id: string;
  readonly name: string;
  readonly capacity: number;
  /** The price of a night without a day rate, as PostgreSQL writes a `numeric`. */
  readonly rate: string;
}

const typesStatement = prepare<TypeFacts>(
  "pms_types_for_guests",
  `SELECT room_type_id, name, capacity, rate FROM pms.room_types
   WHERE hotel_id = $1 AND capacity >= $2 AND ($3::uuid IS NULL OR room_type_id > $3) ORDER BY room_type_id LIMIT $4`,
);

export interface TypePage {
  readonly hotelId: string;
  /** The guests that a room must sleep. */
  readonly guests: number;
  /** The last room type of the page before. */
  readonly after?: string | undefined;
  /** The most room types. Default: all. */
  readonly limit?: number;
}

/** Reads the room types that sleep the guests, in the order of the list of room types. */
export function readTypes(trx: Trx, { hotelId, guests, after, limit }: TypePage): Promise<TypeFacts[]> {
  return typesStatement.run(trx, [hotelId, guests, after ?? null, limit ?? null]);
}

/** The days of the range on which a room can be sold: from `first` on, before `last`. */
const sellableDays =
  "CASE WHEN status = 'out_of_service' THEN greatest($2::date, $5::date + 1) ELSE $2::date END AS first, " +
  "least($3::date, retired_from) AS last";

/**
 * Reads by how many rooms the free rooms of a type change from one day to the next. A room that can be sold adds one on
 * its first day, and subtracts one after its last day. An allocation does the reverse. So the answer has a row for each
 * type and day, and not one for each of the many allocations.
 *
 * OFFSET 0 makes PostgreSQL find the room of each allocation by its key. A join can compare each room with each
 * allocation.
 */
const changesStatement = prepare<{ room_type_id: string; date: Day; change: number }>(
  "pms_free_room_changes",
  `WITH sellable AS (
     SELECT room_type_id, ${sellableDays} FROM pms.rooms
     WHERE hotel_id = $1 AND room_type_id = ANY($4::uuid[]) AND status <> 'out_of_order'
   ), taken AS (
     SELECT r.room_type_id, greatest(o.arrival, r.first) AS first, least(o.departure, r.last) AS last FROM (
       SELECT room_id, arrival, departure FROM pms.occupancies
         WHERE hotel_id = $1 AND departure - arrival <= 31
           AND arrival > $2::date - 31 AND arrival < $3::date AND departure > $2::date
       UNION ALL
       SELECT room_id, arrival, departure FROM pms.occupancies
         WHERE hotel_id = $1 AND departure - arrival > 31 AND departure > $2::date AND arrival < $3::date
     ) AS o
     CROSS JOIN LATERAL (
       SELECT room_type_id, ${sellableDays} FROM pms.rooms
       WHERE hotel_id = $1 AND room_id = o.room_id AND room_type_id = ANY($4::uuid[]) AND status <> 'out_of_order'
       OFFSET 0
     ) AS r
   ), changes AS (
     SELECT room_type_id, first AS date, 1 AS change FROM sellable WHERE first < last
     UNION ALL SELECT room_type_id, last, -1 FROM sellable WHERE first < last
     UNION ALL SELECT room_type_id, first, -1 FROM taken WHERE first < last
     UNION ALL SELECT room_type_id, last, 1 FROM taken WHERE first < last
   )
   SELECT room_type_id, date, sum(change)::int AS change FROM changes WHERE date < $3::date
   GROUP BY room_type_id, date`,
);

export interface CalendarRange {
  readonly from: Day;
  /** Not included. */
  readonly to: Day;
  readonly roomTypeIds: readonly string[];
}

/**
 * Counts the free rooms by type, for each day of `[from, to)` in order. A room is free on a day if it can be sold for
 * that night and has no allocation.
 * @param today the business date. A room out of service can be sold for later days
 */
export async function countFreeRooms(
  trx: Trx,
  hotelId: string,
  { from, to, roomTypeIds }: CalendarRange,
  today: Day,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const rows = await changesStatement.run(trx, [hotelId, from, to, roomTypeIds, today]);
  const changes = new Map(rows.map(({ room_type_id, date, change }) => [`${room_type_id} ${date}`, change]));
  const days = eachDay(from, to);
  return new Map(
    roomTypeIds.map((id) => {
      let free = 0;
      return [id, days.map((date) => (free += changes.get(`${id} ${date}`) ?? 0))];
    }),
  );
}
