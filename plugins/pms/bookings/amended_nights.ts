/**
 * The nights of an amended stay, with their prices.
 *
 * A night that stays keeps its price. One that the booking had before comes back at the price that it had
 * (released_rates.ts). Any other costs today's rate. In a room of another type every night is another product, except those
 * that were sold under that type already.
 */
import type { Day, Trx } from "../../../core/mod.ts";
import type { Booking } from "../models/booking.ts";
import type { LockedRoom } from "../occupancy/occupancy.ts";
import { type DayRates, quoteStay } from "../rates/prices.ts";
import type { Night } from "./nights.ts";
import { keepReleasedRates, readReleasedRates } from "./released_rates.ts";

export interface Amended {
  readonly booking: Booking;
  /** On the bill so far. */
  readonly nights: readonly Night[];
  readonly stay: { readonly arrival: Day; readonly departure: Day };
  /** The room that the booking has, and the room that it gets. */
  readonly from: LockedRoom;
  readonly to: LockedRoom;
  readonly rates: DayRates;
}

/** Prices the nights of an amended stay, and keeps the prices of the nights that leave the bill. */
export async function amendedNights(
  trx: Trx,
  { booking, nights, stay: { arrival, departure }, from, to, rates }: Amended,
): Promise<Night[]> {
  const isOtherType = to.room_type_id !== from.room_type_id;
  const kept = nights.filter((night) => !isOtherType || night.room_type_id === to.room_type_id);
  const product = { booking_id: booking.booking_id, roomTypeId: to.room_type_id, others: isOtherType ? [] : nights };
  const released = await readReleasedRates(trx, booking.hotel_id, [product], { from: arrival, to: departure });
  const byDate = new Map(kept.map((night) => [night.date, night]));
  const firstRoom = isOtherType ? to.room_id : (nights[0]?.room_id ?? to.room_id);
  const amended = quoteStay(to, rates, arrival, departure, booking.currency).nights.map(({ date, rate }): Night => {
    const night = byDate.get(date);
    if (night !== undefined) return isOtherType ? { ...night, room_id: to.room_id } : night;
    const price = released.find(product, date) ?? { rate, rack_rate: null, room_type_id: to.room_type_id };
    return { ...price, date, room_id: date < booking.arrival ? firstRoom : to.room_id };
  });
  const keyOf = ({ date, room_type_id: type }: Night): string => `${date} ${type}`;
  const left = new Set(amended.map(keyOf));
  const leaving = nights.filter((night) => !left.has(keyOf(night)));
  await keepReleasedRates(trx, booking, from.room_type_id, leaving);
  return amended;
}
