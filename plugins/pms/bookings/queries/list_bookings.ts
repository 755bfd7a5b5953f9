/** Lists a hotel's bookings in the order of arrival, narrowed by the filters of a request. */
import { addDays, type Day, daysBetween, type Trx } from "../../../../core/mod.ts";
import { mostNights } from "../../allocation/stay_dates.ts";
import { findGuests, type FoundGuests, manyMatch } from "../../guests/search.ts";
import type { BookingStatus } from "../../port.ts";
import { type BookingRow, bookingRows, type BookingsSubquery, filterFirst } from "../views.ts";

/** The filters that a request can combine, and its page. Each range includes its last day. */
interface BookingsQuery {
  readonly status?: BookingStatus | undefined;
  readonly arrival_from?: Day | undefined;
  readonly arrival_to?: Day | undefined;
  readonly departure_from?: Day | undefined;
  readonly departure_to?: Day | undefined;
  readonly room_id?: string | undefined;
  readonly guest_id?: string | undefined;
  /** Words that must occur in the guest's name, e-mail address or phone number. */
  readonly guest?: string | undefined;
  /** The arrival and the id of the last booking of the page before. */
  readonly after?: readonly [arrival: Day, bookingId: string] | undefined;
  /** Whether the earliest or the latest arrival comes first. */
  readonly order: "asc" | "desc";
  /** The greatest number of bookings in a page. */
  readonly limit: number;
}

/** Reads a page of bookings. If another page follows, its first booking is the last of the result. */
export async function listBookings(trx: Trx, hotelId: string, query: BookingsQuery): Promise<BookingRow[]> {
  const found = query.guest === undefined ? undefined : await findGuests(trx, hotelId, query.guest);
  const { order, after, status, arrival_from, arrival_to, departure_from, departure_to, room_id, guest_id } = query;
  return bookingRows(trx, hotelId, selectiveSubquery(hotelId, query, found))
    .modify((list) => {
      const comparison = order === "asc" ? ">" : "<";
      if (after !== undefined) void list.whereRaw(`(b.arrival, b.booking_id) ${comparison} (?, ?)`, [...after]);
      if (status !== undefined) void list.where("b.status", status);
      if (arrival_from !== undefined) void list.where("b.arrival", ">=", arrival_from);
      if (arrival_to !== undefined) void list.where("b.arrival", "<=", arrival_to);
      if (departure_from !== undefined) void list.where("b.departure", ">=", departure_from);
      if (departure_to !== undefined) void list.where("b.departure", "<=", departure_to);
      if (room_id !== undefined) void list.where("b.room_id", room_id);
      if (guest_id !== undefined) void list.where("b.guest_id", guest_id);
      // With both filters, the guests that were found are not in the subquery.
      if (guest_id !== undefined && found?.ids !== undefined) void list.whereIn("b.guest_id", [...found.ids]);
      // If very many guests match, the page is full after few rows.
      if (found !== undefined && found.ids === undefined) {
        const { sql, values } = manyMatch(profileText, "b", found);
        void list.whereRaw(sql, values);
      }
    })
    .orderBy([
      { column: "b.arrival", order },
      { column: "b.booking_id", order },
    ])
    .limit(query.limit + 1);
}

/** Returns the subquery of the most selective filter: a guest, then the guests that were found, then the departures. */
function selectiveSubquery(
  hotelId: string,
  { guest_id: guestId, departure_from: from, departure_to: to }: BookingsQuery,
  found: FoundGuests | undefined,
): BookingsSubquery | undefined {
  if (guestId !== undefined) return filterFirst(hotelId, "guest_id = ?", [guestId]);
  return found?.ids === undefined
    ? departingBetween(hotelId, from, to)
    : filterFirst(hotelId, "guest_id = ANY(?::uuid[])", [[...found.ids]]);
}

/** Only a few bookings are longer (nights). */
const shortNights = 31;

/** Narrows the search to bookings that can depart in the range. Returns undefined if the range has no start. */
function departingBetween(hotelId: string, from: Day | undefined, to: Day | undefined): BookingsSubquery | undefined {
  if (from === undefined) return undefined;
  if (to !== undefined && daysBetween(from, to) <= shortNights)
    return filterFirst(hotelId, "departure BETWEEN ? AND ?", [from, to]);
  // A short stay that departs in the range arrives at most 31 days before it. With one condition for all stays,
  // PostgreSQL would read the arrivals of a year.
  return {
    sql: `SELECT * FROM pms.bookings
        WHERE hotel_id = ? AND departure - arrival <= ${shortNights} AND arrival >= ?::date
      UNION ALL SELECT * FROM pms.bookings
        WHERE hotel_id = ? AND departure - arrival > ${shortNights} AND arrival >= ?::date`,
    values: [hotelId, addDays(from, -shortNights), hotelId, addDays(from, -mostNights)],
  };
}

/** The search text of the guest of a row of `bookings b`. PostgreSQL reads it row by row, in the order of the list. */
const profileText =
  "(SELECT g.search_text FROM pms.guests g WHERE g.hotel_id = b.hotel_id AND g.guest_id = b.guest_id)";
