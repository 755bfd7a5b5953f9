/**
 * Fills a hotel with bookings for a long time, which is the worst case of searches and lists. Requests would take too
 * long, so a few statements insert the rows.
 */
import type { Knex } from "knex";

import type { Day } from "../../../core/mod.ts";

export interface FullHotel {
  readonly hotelId: string;
  readonly roomTypeId: string;
  /** The first booked night. */
  readonly from: Day;
  /** The number of rooms to add. */
  readonly rooms: number;
  /** The number of booked nights of each room. */
  readonly nights: number;
}

/** Adds full rooms to a hotel. One stay has the first room for all nights. Stays of one night have the other rooms. */
export async function fillHotel(owner: Knex, hotel: FullHotel): Promise<void> {
  const { hotelId, roomTypeId, from, rooms, nights } = hotel;
  await owner.transaction(async (trx) => {
    await trx.raw(
      `INSERT INTO pms.rooms (hotel_id, room_id, room_number, room_type_id)
       SELECT ?, gen_random_uuid(), 'F' || lpad(i::text, 5, '0'), ? FROM generate_series(1, ?) AS i`,
      [hotelId, roomTypeId, rooms],
    );
    await trx.raw(
      `CREATE TEMPORARY TABLE full_stays ON COMMIT DROP AS
       SELECT gen_random_uuid() AS booking_id, r.room_id,
         ?::date + s.first AS arrival, ?::date + s.first + s.nights AS departure
       FROM (SELECT room_id, row_number() OVER (ORDER BY room_number) AS n FROM pms.rooms
         WHERE hotel_id = ? AND room_number LIKE 'F_____') AS r,
       LATERAL (SELECT 0 AS first, ?::int AS nights WHERE r.n = 1
         UNION ALL SELECT i, 1 FROM generate_series(0, ?::int - 1) AS i WHERE r.n > 1) AS s`,
      [from, from, hotelId, nights, nights],
    );
    await trx.raw(
      `INSERT INTO pms.guests (hotel_id, guest_id, name)
       SELECT ?, booking_id, 'Ada Lovelace' FROM full_stays`,
      [hotelId],
    );
    await trx.raw(
      `INSERT INTO pms.bookings (hotel_id, booking_id, guest_id, room_id, guest_name, adults, children,
         arrival, departure, check_in_at, expected_check_out_at, status, total_amount, currency, created_by, status_on)
       SELECT ?, booking_id, booking_id, room_id, 'Ada Lovelace', 1, 0,
         arrival, departure, arrival + interval '15 hours', departure + interval '11 hours',
         'confirmed', 100 * (departure - arrival), 'EUR', 'test', ?::date FROM full_stays`,
      [hotelId, from],
    );
    await trx.raw(
      `INSERT INTO pms.occupancies (hotel_id, occupancy_id, room_id, arrival, departure, booking_id)
       SELECT ?, booking_id, room_id, arrival, departure, booking_id FROM full_stays`,
      [hotelId],
    );
    await trx.raw(
      `INSERT INTO pms.booking_nights (hotel_id, booking_id, date, room_id, room_type_id, rate)
       SELECT ?, booking_id, night::date, room_id, ?, 100
       FROM full_stays, generate_series(arrival, departure - 1, interval '1 day') AS night`,
      [hotelId, roomTypeId],
    );
  });
  await owner.raw("ANALYZE pms.rooms, pms.guests, pms.bookings, pms.occupancies, pms.booking_nights");
}
