/** Finds the bookings that prevent a room from leaving the inventory. */
import { type Day, earliestDay, latestDay, prepare, type ProblemDetails, type Trx } from "../../../core/mod.ts";

/** The most bookings that a refusal lists. Its count covers all of them. */
const maxListed = 20;

interface BookingInRoom {
  readonly booking_id: string;
  readonly guest_name: string;
  readonly status: string;
  readonly arrival: Day;
  readonly departure: Day;
  readonly total: number;
}

/** Finds the bookings of the room by index first, and then reads their details. */
const statement = prepare<BookingInRoom>(
  "pms_bookings_in_room",
  `WITH concerned AS MATERIALIZED (
     SELECT booking_id FROM pms.occupancies
     WHERE hotel_id = $1 AND room_id = $2 AND departure > $3::date AND arrival <= $6::date AND booking_id IS NOT NULL
     UNION
     SELECT booking_id FROM pms.bookings
     WHERE hotel_id = $1 AND room_id = $2 AND arrival <= $6::date
       AND (status IN ('confirmed', 'in_house') AND departure < $4::date
         OR status = 'checked_out' AND departure > $5::date)
   )
   SELECT b.booking_id, b.guest_name, b.status, b.arrival, b.departure, count(*) OVER ()::int AS total
   FROM concerned c JOIN pms.bookings b ON b.hotel_id = $1 AND b.booking_id = c.booking_id
   WHERE b.status <> 'checked_out' OR b.departure > $5::date
   ORDER BY b.arrival, b.booking_id LIMIT ${maxListed}`,
);

/** The members of a refusal, and the number of bookings. */
export type FoundBookings = { readonly count: number } & ProblemDetails;

/** Bookings to find in addition to those that have a room for nights from a day on. */
export interface OtherBookings {
  /** Adds confirmed and in-house bookings that should have ended before this day. Default: none. */
  readonly overdueBefore?: Day;
  /** Adds checked-out bookings that are charged for nights from this day on. Default: none. */
  readonly soldFrom?: Day;
  /** Keeps only bookings that arrive on this day or before. Default: all. */
  readonly arrivedBy?: Day;
}

/**
 * Finds the bookings that have a room for nights from a day on.
 * @returns their number and the members of a problem, or undefined if there are none
 */
export async function findBookingsInRoom(
  trx: Trx,
  { hotel_id: hotelId, room_id: roomId }: { readonly hotel_id: string; readonly room_id: string },
  from: Day,
  { overdueBefore = earliestDay, soldFrom = latestDay, arrivedBy = latestDay }: OtherBookings,
): Promise<FoundBookings | undefined> {
  const rows = await statement.run(trx, [hotelId, roomId, from, overdueBefore, soldFrom, arrivedBy]);
  const count = rows[0]?.total;
  if (count === undefined) return undefined;
  const bookings = rows.map(({ booking_id, guest_name, status, arrival, departure }) => {
    return { booking_id, guest_name, status, arrival, departure };
  });
  return { count, members: { bookings, bookings_count: count } };
}
