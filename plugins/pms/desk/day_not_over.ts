/**
 * Refuses to close a day before it is over at the hotel. The refusal lists the effects of the close, because it can't
 * be undone.
 */
import { addDays, type Day, type Problem, prepare, type Trx } from "../../../core/mod.ts";
import type { HotelSettings } from "../../identity/port.ts";
import { mostNights } from "../allocation/stay_dates.ts";
import { pmsProblems } from "../errors.ts";
import type { Policies } from "../policies/policies.ts";

/** The most bookings that the refusal lists. Its counts include all bookings. */
const mostListed = 50;

interface ListedBooking {
  readonly booking_id: string;
  readonly guest_name: string;
  readonly room_id: string;
  readonly room_number: string;
  readonly arrival: Day;
  readonly departure: Day;
  /** The number of all such bookings. */
  readonly total: number;
}

/**
 * Finds the stays that the close would extend, by the rules of bookings/overstays.ts. The room must not be retired and
 * must be free for all nights since the departure. The close frees the rooms of no-shows first.
 */
const overstaysStatement = prepare<ListedBooking>(
  "pms_expected_overstays",
  `SELECT b.booking_id, b.guest_name, b.room_id, r.room_number, b.arrival, b.departure, (count(*) OVER ())::int AS total
   FROM pms.bookings b JOIN pms.rooms r ON r.hotel_id = $1 AND r.room_id = b.room_id
   WHERE b.hotel_id = $1 AND b.status = 'in_house' AND b.departure <= $2::date
     AND $2::date + 1 - b.arrival <= ${mostNights}
     AND coalesce(r.retired_from > $2::date, true)
     AND NOT EXISTS (
       SELECT FROM pms.occupancies o LEFT JOIN pms.bookings x ON x.hotel_id = $1 AND x.booking_id = o.booking_id
       WHERE o.hotel_id = $1 AND o.room_id = b.room_id AND o.arrival <= $2::date AND o.departure > b.departure
         AND o.arrival > b.departure - 1000 AND (x.status = 'confirmed' AND x.arrival <= $2::date) IS NOT TRUE)
   ORDER BY b.arrival, b.booking_id LIMIT ${mostListed}`,
);

/** OFFSET 0 makes PostgreSQL find the few bookings before it joins the rooms. */
const expectedStatement = prepare<ListedBooking>(
  "pms_expected_bookings",
  `SELECT b.booking_id, b.guest_name, b.room_id, r.room_number, b.arrival, b.departure, b.total FROM (
     SELECT booking_id, guest_name, room_id, arrival, departure, (count(*) OVER ())::int AS total
     FROM pms.bookings WHERE hotel_id = $1 AND status = 'confirmed' AND arrival <= $2::date
     ORDER BY arrival, booking_id LIMIT ${mostListed} OFFSET 0
   ) AS b JOIN pms.rooms r ON r.hotel_id = $1 AND r.room_id = b.room_id
   ORDER BY b.arrival, b.booking_id`,
);

interface ClosedDay {
  readonly business_date: Day;
  readonly closed_at: Date;
  readonly closed_by: string;
}

const lastCloseStatement = prepare<ClosedDay>(
  "pms_last_close",
  `SELECT business_date, closed_at, closed_by FROM pms.daily_figures WHERE hotel_id = $1 AND business_date = $2::date`,
);

/**
 * Makes the problem DAY_NOT_OVER for the hotel's business date. It lists the bookings that the close would mark as
 * no-shows and those that it would extend.
 * @param options.from the moment from which the day can be closed
 */
export async function dayNotOver(
  trx: Trx,
  { hotel_id: hotelId, business_date: day, time_zone: zone }: HotelSettings,
  { from, policies }: { readonly from: Date; readonly policies: Policies },
): Promise<Problem> {
  const [expected, staying, [last]] = await Promise.all([
    expectedStatement.run(trx, [hotelId, day]),
    policies.overstays === "extend" ? overstaysStatement.run(trx, [hotelId, day]) : [],
    lastCloseStatement.run(trx, [hotelId, addDays(day, -1)]),
  ]);
  const count = expected[0]?.total ?? 0;
  const time = from.toLocaleTimeString("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
  const before = last === undefined ? "" : ` ${last.business_date} was closed by ${last.closed_by}.`;
  const longer = staying[0]?.total ?? 0;
  const effect =
    `A close now would mark ${count} expected ${count === 1 ? "guest as a no-show" : "guests as no-shows"}, ` +
    `and would charge another night to ${longer} ${longer === 1 ? "guest" : "guests"} due out and still in the house.`;
  return pmsProblems.DAY_NOT_OVER(
    `${day} can be closed from ${time} at the hotel.${before} ${effect} To close it now, send "early": true.`,
    {
      members: {
        business_date: day,
        closable_from: from.toISOString(),
        no_shows: expected.map(listed),
        no_shows_count: count,
        overstays: staying.map(listed),
        overstays_count: longer,
        last_close: last === undefined ? null : { ...last, closed_at: last.closed_at.toISOString() },
      },
    },
  );
}

const listed = ({ total: _total, ...booking }: ListedBooking) => booking;
