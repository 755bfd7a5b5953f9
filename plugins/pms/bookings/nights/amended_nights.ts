/**
 * The nights of an amended stay, with their prices.
 *
 * A night that stays keeps its price. One that the booking had before comes back at the price that it had
 * (released_rates.ts). One that takes the place of an agreed night takes its price (carried_prices.ts). Any other costs
 * today's rate of the room where it is slept. Of another room type that was asked for, every night is another product, except
 * those that were sold under that type already.
 */
import type { Day, Trx } from "../../../../core/mod.ts";
import type { Booking } from "../../models/booking.ts";
import type { LockedRoom } from "../../allocation/allocations.ts";
import { isAgreed, withoutAgreement } from "../../rates/agreed_price.ts";
import { type DayRates, quoteStay } from "../../rates/prices.ts";
import { carryPrices } from "./carried_prices.ts";
import type { Night } from "./nights.ts";
import { dropAgreedRates, keepReleasedRates, readReleasedRates } from "./released_rates.ts";

export interface Amended {
  readonly booking: Booking;
  /** On the bill so far. */
  readonly nights: readonly Night[];
  readonly stay: { readonly arrival: Day; readonly departure: Day };
  /** The room that the booking has, and the room that it gets: the same, or another one from a night on. */
  readonly from: LockedRoom;
  readonly to: LockedRoom;
  /** The first night in the room that it gets. */
  readonly split: Day;
  /** Whether another room type was asked for: every night is another product. Another room alone keeps the prices. */
  readonly isRepriced: boolean;
  readonly rates: DayRates;
  /** Whether the amendment says what is agreed from now on: what was agreed so far is over, also for nights off the bill. */
  readonly isPriceReplaced: boolean;
}

export interface AmendedNights {
  readonly nights: Night[];
  /** The agreed nights that were exchanged for nights of another room type, and whose price ended so. */
  readonly ended: readonly Night[];
}

/** Prices the nights of an amended stay, and keeps the prices of the nights that leave the bill. */
export async function priceAmendedNights(
  trx: Trx,
  { booking, nights, stay: { arrival, departure }, from, to, split, isRepriced, rates, isPriceReplaced }: Amended,
): Promise<AmendedNights> {
  if (isPriceReplaced) await dropAgreedRates(trx, booking);
  const isOther = to.room_id !== from.room_id;
  const kept = nights.filter((night) => !isRepriced || night.room_type_id === to.room_type_id);
  const productIn = ({ room_type_id: roomTypeId }: LockedRoom) => {
    return { booking_id: booking.booking_id, roomTypeId, others: isRepriced ? [] : nights };
  };
  const products = isOther && !isRepriced ? [productIn(from), productIn(to)] : [productIn(to)];
  const had = await readReleasedRates(trx, booking.hotel_id, products, { from: arrival, to: departure });
  const byDate = new Map(kept.map((night) => [night.date, night]));
  const firstRoom = isOther ? to.room_id : (nights[0]?.room_id ?? to.room_id);
  const quote = (room: LockedRoom, start: Day, end: Day) =>
    quoteStay(room, rates, start, end, booking.currency).nights.map((night) => ({ ...night, room }));
  const quoted = [...quote(from, arrival, split), ...quote(to, split, departure)];
  const amended = quoted.map(({ date, rate, room }): Night => {
    const night = byDate.get(date);
    if (night !== undefined) return isOther && date >= split ? { ...night, room_id: to.room_id } : night;
    const price = had.priceOf(productIn(room), { date, rate });
    return { ...price, date, room_id: date < booking.arrival ? firstRoom : room.room_id };
  });
  const keyOf = ({ date, room_type_id: type }: Night): string => `${date} ${type}`;
  const left = new Set(amended.map(keyOf));
  const leaving = nights.filter((night) => !left.has(keyOf(night)));
  if (isPriceReplaced) {
    await keepReleasedRates(trx, booking, from.room_type_id, leaving.map(withoutAgreement));
    return { nights: amended, ended: [] };
  }
  const isSameProduct = (night: Night): boolean => !isRepriced || night.room_type_id === to.room_type_id;
  const { added, from: passed } = carryPrices(
    leaving.filter(isSameProduct),
    amended.filter(({ date }) => !byDate.has(date)),
  );
  // A price that another night has now must not come back a second time.
  const released = leaving.map((night) => (passed.has(night) ? withoutAgreement(night) : night));
  await keepReleasedRates(trx, booking, from.room_type_id, released);
  const carried = new Map(added.map((night) => [night.date, night]));
  return {
    nights: amended.map((night) => carried.get(night.date) ?? night),
    ended: leaving.filter((night) => isAgreed(night) && !isSameProduct(night)),
  };
}
