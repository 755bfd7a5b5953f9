/** What a no-show does, to one booking at the desk or to all at the close of the day: a few statements, however many. */
import type { Day, Trx } from "../../../core/mod.ts";
import { readPolicies } from "../desk/policies.ts";
import { Booking } from "../models/booking.ts";
import { freeNights, lockRooms } from "../occupancy/occupancy.ts";
import type { Change } from "./changing.ts";
import { recordChanges } from "./history.ts";
import { type Night, totalOf } from "./nights.ts";

/**
 * Makes bookings no-shows: what is paid is the hotel's policy, and all of their nights are free.
 * @param bookings locked
 * @param on the business date from which they are
 */
export async function releaseNoShows(trx: Trx, change: Change, bookings: readonly Booking[], on: Day): Promise<void> {
  if (bookings.length === 0) return;
  const hotelId = change.actor.tenantId;
  const ids = bookings.map(({ booking_id }) => booking_id);
  const nights = (await trx("pms.booking_nights")
    .where({ hotel_id: hotelId })
    .whereIn("booking_id", ids)
    .whereNull("released")
    .orderBy("date")
    .select("booking_id", "date", "room_id", "rate")) as (Night & { readonly booking_id: string })[];
  // All of their rooms at once and by id, as everybody takes them.
  await lockRooms(trx, hotelId, [...new Set([...bookings, ...nights].map(({ room_id }) => room_id))]);
  const { no_show_charge: charge } = await readPolicies(trx, hotelId);
  const byBooking = new Map<string, typeof nights>();
  for (const night of nights) {
    const others = byBooking.get(night.booking_id);
    if (others === undefined) byBooking.set(night.booking_id, [night]);
    else others.push(night);
  }
  const charged = (id: string): Night[] => {
    const all = byBooking.get(id) ?? [];
    return charge === "full_stay" ? all : charge === "first_night" ? all.slice(0, 1) : [];
  };
  const released = ids.flatMap((id) => (byBooking.get(id) ?? []).slice(charged(id).length));
  await trx.raw(
    `UPDATE pms.booking_nights n SET released = 'no_show' FROM unnest(?::uuid[], ?::date[]) AS r (booking_id, date)
     WHERE n.hotel_id = ? AND n.booking_id = r.booking_id AND n.date = r.date`,
    [released.map(({ booking_id }) => booking_id), released.map(({ date }) => date), hotelId],
  );
  await freeNights(trx, hotelId, ids);
  await trx.raw(
    `UPDATE pms.bookings b SET status = 'no_show', status_on = ?::date, total_amount = t.total, version = b.version + 1
     FROM unnest(?::uuid[], ?::numeric[]) AS t (booking_id, total) WHERE b.hotel_id = ? AND b.booking_id = t.booking_id`,
    [on, ids, bookings.map(({ booking_id, currency }) => totalOf(charged(booking_id), currency)), hotelId],
  );
  const after = await Booking.query(trx).where({ hotel_id: hotelId }).whereIn("booking_id", ids);
  const byId = new Map(after.map((booking) => [booking.booking_id, booking]));
  await recordChanges(
    trx,
    change.actor.name,
    "no_show",
    bookings.map((before) => ({ before, after: byId.get(before.booking_id) as Booking })),
  );
}
