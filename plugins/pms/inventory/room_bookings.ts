/** The bookings that stand in the way when a room is taken out of the inventory. */
import { type Day, earliestDay, latestDay, prepare, type ProblemDetails, type Trx } from "../../../core/mod.ts";

/** Bookings that a refusal names; their count is of all. */
const mostNamed = 20;

interface BookingInRoom {
  readonly booking_id: string;
  readonly guest_name: string;
  readonly status: string;
  readonly arrival: Day;
  readonly departure: Day;
  readonly total: number;
}

/** First the bookings in the room, by its index, and then what is told of them. */
const statement = prepare<BookingInRoom>(
  "pms_bookings_in_room",
  `WITH concerned AS MATERIALIZED (
     SELECT booking_id FROM pms.occupancies
     WHERE hotel_id = $1 AND room_id = $2 AND departure > $3::date AND arrival <= $6::date AND booking_id IS NOT NULL
     UNION
     SELECT booking_id FROM pms.bookings
     WHERE hotel_id = $1 AND room_id = $2 AND arrival <= $6::date
       AND (status IN ('confirmed', 'in_house') AND departure < $4::date OR status = 'checked_out' AND departure > $5::date)
   )
   SELECT b.booking_id, b.guest_name, b.status, b.arrival, b.departure, count(*) OVER ()::int AS total
   FROM concerned c JOIN pms.bookings b ON b.hotel_id = $1 AND b.booking_id = c.booking_id
   WHERE b.status <> 'checked_out' OR b.departure > $5::date
   ORDER BY b.arrival, b.booking_id LIMIT ${mostNamed}`,
);

/** The members of a refusal, and how many bookings there are. */
export type FoundBookings = { readonly count: number } & ProblemDetails;

/** Beside the bookings that have a room for nights from a day on: others that may need it. */
export interface OtherBookings {
  /** Guests in the house, or still expected, whose stay should have ended before this day. Without it: none. */
  readonly overdueBefore?: Day;
  /** Guests who have left, and whose bill has nights from this day on. Without it: none. */
  readonly soldFrom?: Day;
  /** Only bookings that arrive on this day or before. Without it: all. */
  readonly arrivedBy?: Day;
}

/**
 * Finds the bookings that have a room for nights from a day on.
 * @returns undefined where there are none; else the members of a problem, and how many they are
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
