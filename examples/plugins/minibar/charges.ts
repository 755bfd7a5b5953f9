/** Charges items to a booking, and reads its charges. */
import { type Actor, newId, normalizeAmount, problems, type Trx } from "#core/mod.ts";
import { type HotelSettings } from "#plugins/identity/port.ts";
import type { BookingStatus } from "#plugins/pms/port.ts";

import type { MinibarContext } from "./context.ts";
import { minibarProblems, noSuchBooking, noSuchCharge } from "./errors.ts";
import { listRestock } from "./jobs.ts";
import { Charge } from "./models/charge.ts";

export interface NewCharge {
  readonly booking_id: string;
  readonly item: string;
  readonly quantity: number;
  readonly unit_price: string;
}

/**
 * Charges an item to a booking of the hotel's, and enqueues the job that lists what to refill. Both are in the caller's
 * transaction: there is never a charge without its job, nor the other way round.
 * @throws Problem NOT_FOUND, GUEST_NOT_IN_HOUSE, VALIDATION_FAILED
 */
export async function charge(
  { enqueue }: Pick<MinibarContext, "enqueue">,
  trx: Trx,
  hotel: HotelSettings,
  actor: Actor,
  { booking_id: bookingId, item, quantity, unit_price: unitPrice }: NewCharge,
): Promise<Charge> {
  await requireInHouse(trx, hotel.hotel_id, bookingId);
  const day = hotel.business_date;
  const made = await Charge.query(trx).insertAndFetch({
    hotel_id: hotel.hotel_id,
    charge_id: newId(),
    booking_id: bookingId,
    day,
    item,
    quantity,
    unit_price: priceIn(hotel.currency, unitPrice),
    charged_by: actor.name,
  });
  await enqueue(trx, listRestock, { day });
  return made;
}

/**
 * Takes a charge back, and enqueues the same job. The guest must still be in house, because a paid bill does not
 * change.
 * @throws Problem NOT_FOUND, GUEST_NOT_IN_HOUSE
 */
export async function takeBack(
  { enqueue }: Pick<MinibarContext, "enqueue">,
  trx: Trx,
  hotelId: string,
  chargeId: string,
): Promise<Charge> {
  const made = await Charge.query(trx).findById([hotelId, chargeId]).forUpdate();
  if (made === undefined) throw noSuchCharge();
  await requireInHouse(trx, hotelId, made.booking_id);
  await made.$query(trx).delete();
  await enqueue(trx, listRestock, { day: made.day });
  return made;
}

/** Reads without a lock, because the grant is only to read. So a charge can succeed at the moment of the check-out. */
async function requireInHouse(trx: Trx, hotelId: string, bookingId: string): Promise<void> {
  const status = await readBookingStatus(trx, hotelId, bookingId);
  if (status === "in_house") return;
  throw minibarProblems.GUEST_NOT_IN_HOUSE(`The booking is ${status}; only a guest in the house can be charged.`, {
    members: { booking_status: status },
  });
}

/**
 * Reads the state of a booking: one of the three columns of pms.bookings in the manifest. PostgreSQL refuses any other
 * column and `select *` (42501).
 * @throws Problem NOT_FOUND also for a booking of another hotel, because its rows are not visible
 */
export async function readBookingStatus(trx: Trx, hotelId: string, bookingId: string): Promise<BookingStatus> {
  const booking = (await trx("pms.bookings").where({ hotel_id: hotelId, booking_id: bookingId }).first("status")) as
    | { readonly status: BookingStatus }
    | undefined;
  if (booking === undefined) throw noSuchBooking();
  return booking.status;
}

function priceIn(currency: string, price: string): string {
  const normal = normalizeAmount(price, currency);
  if (normal !== undefined) return normal;
  const detail = `has more decimals than ${currency}`;
  throw problems.VALIDATION_FAILED(`/unit_price ${detail}`, {
    errors: [{ in: "body", pointer: "/unit_price", detail }],
  });
}
