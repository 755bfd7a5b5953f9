/**
 * Extends overstays at the close of the day, if the hotel's policy says so.
 *
 * The guests get the nights up to the day that closes, in their rooms. The prices are those of an extension at the
 * desk: a night that the booking had before gets its earlier price. The number of statements is fixed.
 *
 * A guest stays overdue if the nights can't be had. This does not stop the close. The causes are:
 * - The room is retired, is closed that night, or belongs to another booking.
 * - The stay would be longer than the longest stay.
 *
 * A room that is out of order can be extended: its guest is in it.
 */
import { addDays, type Day, daysBetween, instantOf, prepare, type Trx } from "../../../core/mod.ts";
import type { HotelSettings } from "../../identity/port.ts";
import type { Booking } from "../models/booking.ts";
import { isRetired, extendStays, type LockedRooms } from "../allocation/allocations.ts";
import { quoteStay, readRatesOf } from "../rates/prices.ts";
import { type ChangeContext, recordUpdatedBookings } from "../booking_record/change.ts";
import { type BookedNight, putNights, readNightsOf } from "./nights/nights.ts";
import { addToTotals } from "../rates/totals.ts";
import { readReleasedRates } from "./nights/released_rates.ts";
import { mostNights } from "../allocation/stay_dates.ts";

/** Whether the guest of a booking is due out and can get the night of the day that closes. */
export function isOverstay({ status, arrival, departure }: Booking, day: Day): boolean {
  return status === "in_house" && departure <= day && daysBetween(arrival, addDays(day, 1)) <= mostNights;
}

export interface Overstays {
  /** The overstays. They and their rooms are locked. */
  readonly bookings: readonly Booking[];
  readonly rooms: LockedRooms;
  readonly hotel: HotelSettings;
  /** The new departure of all of them. */
  readonly until: Day;
}

const writeStatement = prepare(
  "pms_write_overstays",
  `UPDATE pms.bookings b SET departure = $2::date, expected_check_out_at = $3::timestamptz, total_amount = t.total,
     rack_amount = t.rack, version = b.version + 1
   FROM unnest($4::uuid[], $5::numeric[], $6::numeric[]) AS t (booking_id, total, rack)
   WHERE b.hotel_id = $1 AND b.booking_id = t.booking_id`,
);

/** @returns the number of extended stays */
export async function extendOverstays(
  trx: Trx,
  change: ChangeContext,
  { bookings: staying, rooms, hotel, until }: Overstays,
): Promise<number> {
  const bookings = staying.filter(({ room_id: id }) => !isRetired(rooms.get(id), until));
  if (bookings.length === 0) return 0;
  const hotelId = hotel.hotel_id;
  const longer = await extendStays(
    trx,
    hotelId,
    bookings.map(({ booking_id, room_id, departure }) => ({
      booking_id,
      room_id,
      arrival: departure,
      departure: until,
    })),
  );
  const extended = bookings.filter(({ booking_id }) => longer.has(booking_id));
  if (extended.length === 0) return 0;
  const from = extended.map(({ departure }) => departure).reduce((a, b) => (a < b ? a : b));
  const ids = extended.map(({ booking_id }) => booking_id);
  const [rates, nightsOf] = await Promise.all([
    readRatesOf(trx, hotelId, {
      from,
      to: until,
      roomTypeIds: [...new Set(extended.map(({ room_id }) => rooms.get(room_id).room_type_id))],
    }),
    readNightsOf(trx, hotelId, ids),
  ]);
  const stays = extended.map((booking) => {
    const room = rooms.get(booking.room_id);
    const { booking_id, room_id, departure, currency } = booking;
    const product = { booking_id, roomTypeId: room.room_type_id, others: nightsOf.get(booking_id) ?? [] };
    const { nights } = quoteStay(room, rates, departure, until, currency);
    return { booking_id, room_id, product, nights };
  });
  const products = stays.map(({ product }) => product);
  const released = await readReleasedRates(trx, hotelId, products, { from, to: until });
  const added = stays.map(({ booking_id, room_id, product, nights }): BookedNight[] =>
    nights.map((night) => ({ ...released.priceOf(product, night), date: night.date, booking_id, room_id })),
  );
  await putNights(trx, hotelId, added.flat());
  const totals = extended.map((booking, index) => addToTotals(booking, added[index] ?? [], booking.currency));
  await writeStatement.run(trx, [
    hotelId,
    until,
    instantOf(until, hotel.check_out_time, hotel.time_zone),
    ids,
    totals.map(({ total_amount }) => total_amount),
    totals.map(({ rack_amount }) => rack_amount),
  ]);
  await recordUpdatedBookings(trx, change, "overstay", extended);
  return extended.length;
}
