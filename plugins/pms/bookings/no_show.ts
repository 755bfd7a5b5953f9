/** What a no-show does, to one booking at the desk or to all at the close of the day: a few statements, however many. */
import { type Day, prepare, type Trx } from "../../../core/mod.ts";
import type { Policies } from "../policies/policies.ts";
import type { Booking } from "../models/booking.ts";
import { freeNights } from "../allocation/allocations.ts";
import { type ChangeContext, recordUpdatedBookings } from "../booking_record/change.ts";
import { type Night, totalsOf } from "./nights/nights.ts";

export interface NoShows {
  /** Locked, and with them the rooms of their nights. */
  readonly bookings: readonly Booking[];
  /** By booking. */
  readonly nights: ReadonlyMap<string, readonly Night[]>;
  readonly charge: Policies["no_show_charge"];
  /** The business date from which they are no-shows. */
  readonly on: Day;
}

const writeStatement = prepare(
  "pms_write_no_shows",
  `UPDATE pms.bookings b SET status = 'no_show', status_on = $2::date, total_amount = t.total, rack_amount = t.rack,
     version = b.version + 1
   FROM unnest($3::uuid[], $4::numeric[], $5::numeric[]) AS t (booking_id, total, rack)
   WHERE b.hotel_id = $1 AND b.booking_id = t.booking_id`,
);

/** Makes bookings no-shows: what is paid is the hotel's policy, and all of their nights are free. */
export async function releaseNoShows(
  trx: Trx,
  change: ChangeContext,
  { bookings, nights, charge, on }: NoShows,
): Promise<void> {
  if (bookings.length === 0) return;
  const hotelId = change.actor.tenantId;
  const ids = bookings.map(({ booking_id }) => booking_id);
  const all = (id: string): readonly Night[] => nights.get(id) ?? [];
  const charged = (id: string): readonly Night[] =>
    charge === "full_stay" ? all(id) : charge === "first_night" ? all(id).slice(0, 1) : [];
  const released = ids.flatMap((id) =>
    all(id)
      .slice(charged(id).length)
      .map(({ date }) => ({ id, date })),
  );
  await trx.raw(
    `UPDATE pms.booking_nights n SET released = 'no_show' FROM unnest(?::uuid[], ?::date[]) AS r (booking_id, date)
     WHERE n.hotel_id = ? AND n.booking_id = r.booking_id AND n.date = r.date`,
    [released.map(({ id }) => id), released.map(({ date }) => date), hotelId],
  );
  await freeNights(trx, hotelId, ids);
  const totals = bookings.map(({ booking_id, currency }) => totalsOf(charged(booking_id), currency));
  await writeStatement.run(trx, [
    hotelId,
    on,
    ids,
    totals.map(({ total_amount }) => total_amount),
    totals.map(({ rack_amount }) => rack_amount),
  ]);
  await recordUpdatedBookings(trx, change, "no_show", bookings);
}
