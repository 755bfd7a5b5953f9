/**
 * Closes the business date, in one transaction:
 * - It marks guests that did not arrive as no-shows.
 * - It gives guests that are due out and still in house the night, if the hotel's policy says so.
 * - It writes the figures of the day, which never change.
 * - It moves the business date to the next day.
 *
 * A close takes the exclusive lock of the business date first. So a second close finds the day closed and returns its
 * figures. A change at the desk either ends before the figures are written, or waits and runs on the next day.
 */
import { addDays, type Day, dayAt, formatAmount, instantOf, prepare, type Trx } from "../../../core/mod.ts";
import { type HotelSettings, readHotel } from "../../identity/port.ts";
import { type ChangeContext } from "../booking_record/change.ts";
import { readNightsOf, roomIdsOf } from "../bookings/nights/nights.ts";
import { releaseNoShows } from "../bookings/no_show.ts";
import { wrongDay } from "../errors.ts";
import { extendOverstays, isOverstay } from "../bookings/overstays.ts";
import { Booking } from "../models/booking.ts";
import { lockRooms } from "../allocation/allocations.ts";
import { lockBusinessDate } from "../business_date/lock_business_date.ts";
import { dayNotOver } from "./day_not_over.ts";
import { type Policies, readPolicies } from "../policies/policies.ts";

/** The figures of a closed day. */
export interface DailyFigures {
  readonly business_date: Day;
  /** All rooms of the hotel that are not retired. */
  readonly rooms: number;
  /** The part of these rooms that could not be sold: out of order, or closed that night. */
  readonly out_of_order: number;
  /** Rooms that were slept in, each counted once. A second party in the same room on that day adds revenue only. */
  readonly sold: number;
  /** The guests in the sold rooms, including guests that left on the day of their arrival. */
  readonly guests: number;
  readonly arrivals: number;
  readonly departures: number;
  readonly no_shows: number;
  readonly cancellations: number;
  /** Bookings in house that were due out by that day and did not get the night. */
  readonly overdue: number;
  /** Bookings in house that were due out by that day and got the night by its close. */
  readonly overstays: number;
  readonly room_revenue: string;
  readonly no_show_revenue: string;
  readonly currency: string;
  readonly closed_at: Date;
  readonly closed_by: string;
}

export const figuresColumns = [
  "business_date",
  "rooms",
  "out_of_order",
  "sold",
  "guests",
  "arrivals",
  "departures",
  "no_shows",
  "cancellations",
  "overdue",
  "overstays",
  "room_revenue",
  "no_show_revenue",
  "currency",
  "closed_at",
  "closed_by",
] as const satisfies readonly (keyof DailyFigures)[];
const columnList = figuresColumns.join(", ");

const readStatement = prepare<DailyFigures>(
  "pms_daily_figures",
  `SELECT ${columnList} FROM pms.daily_figures WHERE hotel_id = $1 AND business_date = $2::date`,
);

/**
 * Writes the figures of the day. A night counts as slept if the guest is in house or has left. A night that a
 * no-show pays for counts as revenue, but not as a sold room.
 */
const writeStatement = prepare<DailyFigures>(
  "pms_write_daily_figures",
  `WITH nights AS (
     SELECT n.room_id, n.rate, b.status, b.adults + b.children AS guests FROM pms.booking_nights n
     JOIN pms.bookings b ON b.hotel_id = n.hotel_id AND b.booking_id = n.booking_id
     WHERE n.hotel_id = $1 AND n.date = $2::date AND n.released IS NULL
   ), slept AS (
     SELECT count(DISTINCT room_id) AS sold, coalesce(sum(guests), 0) AS guests, coalesce(sum(rate), 0) AS revenue
     FROM nights
     WHERE status IN ('in_house', 'checked_out')
   ), ended AS (
     SELECT count(*) FILTER (WHERE status = 'checked_out') AS departures,
       count(*) FILTER (WHERE status = 'canceled') AS cancellations,
       -- Counts no-shows that the desk marked on this day. The close of an earlier arrival day has counted its own.
       count(*) FILTER (WHERE status = 'no_show' AND arrival = $2::date) AS no_shows
     FROM pms.bookings
     WHERE hotel_id = $1 AND status_on = $2::date AND status IN ('checked_out', 'canceled', 'no_show')
   )
   INSERT INTO pms.daily_figures (hotel_id, business_date, rooms, out_of_order, sold, guests, arrivals, departures,
     no_shows, cancellations, overdue, overstays, room_revenue, no_show_revenue, currency, closed_by)
   SELECT $1, $2::date,
     (SELECT count(*) FROM pms.rooms WHERE hotel_id = $1 AND coalesce(retired_from > $2::date, true)),
     (SELECT count(*) FROM pms.rooms r WHERE r.hotel_id = $1 AND coalesce(r.retired_from > $2::date, true)
        AND (r.status = 'out_of_order' OR EXISTS (
        SELECT FROM pms.occupancies o WHERE o.hotel_id = $1 AND o.room_id = r.room_id AND o.booking_id IS NULL
          AND o.arrival <= $2::date AND o.departure > $2::date))),
     slept.sold, slept.guests,
     (SELECT count(*) FROM pms.bookings WHERE hotel_id = $1 AND checked_in_on = $2::date),
     ended.departures, $3::int + ended.no_shows, ended.cancellations,
     (SELECT count(*) FROM pms.bookings WHERE hotel_id = $1 AND status = 'in_house' AND departure <= $2::date), $6::int,
     slept.revenue, (SELECT coalesce(sum(rate), 0) FROM nights WHERE status = 'no_show'), $4, $5
   FROM slept, ended
   RETURNING ${columnList}`,
);

/**
 * Closes a day, or returns the figures of a day that is closed.
 * @param early whether to close the day before it is over at the hotel
 * @throws Problem WRONG_DAY if the day is not the business date, or has not begun
 * @throws Problem DAY_NOT_OVER before the time of the policy `day_closes_from`, on the day's own date at the hotel
 */
export async function closeDay(
  trx: Trx,
  change: ChangeContext,
  day: Day,
  { early = false }: { readonly early?: boolean | undefined } = {},
): Promise<DailyFigures> {
  const hotel = await lockHotel(trx, change.actor.tenantId);
  const [closed] = await readStatement.run(trx, [hotel.hotel_id, day]);
  if (closed !== undefined) return closed;
  const today = hotel.business_date;
  if (day !== today) throw wrongDay(`The business date is ${today}: that is the day to be closed.`, today);
  const calendar = dayAt(change.now, hotel.time_zone);
  if (day > calendar) throw wrongDay(`It is ${calendar} at the hotel: ${day} has not begun.`, today);
  const policies = await readPolicies(trx, hotel.hotel_id);
  const from = early ? undefined : closableFrom(hotel, policies, change.now);
  if (from !== undefined) throw await dayNotOver(trx, hotel, { from, policies });
  const next = addDays(day, 1);
  const { noShows, overstays } = await settleGuests(trx, change, hotel, policies);
  const [figures] = await writeStatement.run(trx, [
    hotel.hotel_id,
    day,
    noShows,
    hotel.currency,
    change.actor.name,
    overstays,
  ]);
  await trx("identity.hotels")
    .where({ hotel_id: hotel.hotel_id })
    .update({ business_date: next, version: trx.raw("version + 1") });
  if (figures === undefined) throw new Error("The INSERT of the day's figures must return its row.");
  return figures;
}

/**
 * Returns the earliest time at which the business date can be closed without `early`. Returns undefined if that time
 * has passed. A day before the calendar's day is over, even in a time zone that skipped the whole day.
 */
export function closableFrom(
  { business_date: day, time_zone: zone }: Pick<HotelSettings, "business_date" | "time_zone">,
  { day_closes_from: time }: Pick<Policies, "day_closes_from">,
  now: Date,
): Date | undefined {
  if (time === null || day !== dayAt(now, zone)) return undefined;
  const from = instantOf(day, time, zone);
  return now < from ? from : undefined;
}

/** Locks the business date, and then the hotel's row, for a close. */
export async function lockHotel(trx: Trx, hotelId: string): Promise<HotelSettings> {
  await lockBusinessDate(trx, hotelId, "exclusive");
  await trx.raw("SELECT FROM identity.hotels WHERE hotel_id = ? FOR NO KEY UPDATE", [hotelId]);
  return readHotel(trx, hotelId);
}

/**
 * Marks the no-shows, then extends the overstays: a guest in house can get a room that was kept for a no-show. It
 * locks the bookings, then all their rooms at once, then writes both.
 *
 * `status_on` of these no-shows is the next day. So the desk can still reinstate a guest that arrives after the close.
 * @returns the no-shows that were due on this day, and the extended stays. An earlier no-show was counted on its own
 *   day
 */
async function settleGuests(
  trx: Trx,
  change: ChangeContext,
  hotel: HotelSettings,
  policies: Policies,
): Promise<{ noShows: number; overstays: number }> {
  const { hotel_id: hotelId, business_date: day } = hotel;
  const next = addDays(day, 1);
  const bookings = await Booking.query(trx)
    .where({ hotel_id: hotelId })
    .whereRaw("(status = 'in_house' OR (status = 'confirmed' AND arrival <= ?::date))", [day])
    .orderBy("booking_id")
    .forUpdate();
  const missing = bookings.filter(({ status }) => status === "confirmed");
  const staying = policies.overstays === "extend" ? bookings.filter((booking) => isOverstay(booking, day)) : [];
  const nights = await readNightsOf(
    trx,
    hotelId,
    missing.map(({ booking_id }) => booking_id),
  );
  const rooms = await lockRooms(trx, hotelId, [
    ...new Set([...[...missing, ...staying].map(({ room_id }) => room_id), ...roomIdsOf([...nights.values()].flat())]),
  ]);
  const charge = policies.no_show_charge;
  await releaseNoShows(trx, change, { bookings: missing, nights, charge, on: next });
  const overstays = await extendOverstays(trx, change, { bookings: staying, rooms, hotel, until: next });
  return { noShows: missing.filter(({ arrival }) => arrival === day).length, overstays };
}

/** Formats a day's figures for an answer: amounts get the decimals of their currency. */
export function figuresView(figures: DailyFigures) {
  const { room_revenue: room, no_show_revenue: noShow, currency, closed_at: closedAt } = figures;
  return {
    ...figures,
    room_revenue: formatAmount(room, currency),
    no_show_revenue: formatAmount(noShow, currency),
    closed_at: closedAt.toISOString(),
  };
}
