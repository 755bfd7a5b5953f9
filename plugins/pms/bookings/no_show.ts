/** Marks bookings as no-shows: one at the desk, or all at the close of the day. The number of statements is fixed. */
import { type Day, prepare, type Trx } from "../../../core/mod.ts";
import type { Policies } from "../policies/policies.ts";
import type { Booking } from "../models/booking.ts";
import { freeNights } from "../allocation/allocations.ts";
import { type ChangeContext, recordUpdatedBookings } from "../booking_record/change.ts";
import { type Night } from "./nights/nights.ts";
import { totalsOf } from "../rates/totals.ts";

export interface NoShows {
  /** The bookings. They and the rooms of their nights are locked. */
  readonly bookings: readonly Booking[];
  /** The nights on the bill, by booking. */
  readonly nights: ReadonlyMap<string, readonly Night[]>;
  readonly charge: Policies["no_show_charge"];
  /** The business date on which they become no-shows (`status_on`). */
  readonly on: Day;
}

const writeStatement = prepare(
  "pms_write_no_shows",
  `UPDATE pms.bookings b SET status = 'no_show', status_on = $2::date, total_amount = t.total, rack_amount = t.rack,
     version = b.version + 1
   FROM unnest($3::uuid[], $4::numeric[], $5::numeric[]) AS t (booking_id, total, rack)
   WHERE b.hotel_id = $1 AND b.booking_id = t.booking_id`,
);

/** Marks bookings as no-shows, keeps the nights that the policy charges on the bill, and frees all nights. */
export async function releaseNoShows(
  trx: Trx,
  change: ChangeContext,
  { bookings, nights, charge, on }: NoShows,
): Promise<void> {
  if (bookings.length === 0) return;
  const hotelId = change.actor.tenantId;
  const ids = bookings.map(({ booking_id }) => booking_id);
  const nightsOf = (id: string): readonly Night[] => nights.get(id) ?? [];
  const charged = (id: string): readonly Night[] =>
    charge === "full_stay" ? nightsOf(id) : charge === "first_night" ? nightsOf(id).slice(0, 1) : [];
  const released = ids.flatMap((id) =>
    nightsOf(id)
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
