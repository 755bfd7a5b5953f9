/**
 * Prices the nights of an amended stay.
 *
 * - A night that stays on the bill keeps its price.
 * - A night that the booking had before gets its earlier price (released_rates.ts).
 * - A night that replaces an agreed night gets the agreed price (carried_prices.ts).
 * - Any other night costs today's rate of its room.
 *
 * If the amendment names another room type, every night is another product. Nights that were sold under that type
 * already are the exception.
 */
import type { Day, Trx } from "../../../../core/mod.ts";
import type { Booking } from "../../models/booking.ts";
import type { LockedRoom } from "../../allocation/allocations.ts";
import { isAgreed, withoutAgreement } from "../../rates/agreed_price.ts";
import { type DayRates, quoteStay } from "../../rates/prices.ts";
import { carryPrices } from "./carried_prices.ts";
import type { Night } from "./nights.ts";
import { dropAgreedRates, keepReleasedRates, readReleasedRates } from "./released_rates.ts";

export interface AmendedStay {
  readonly booking: Booking;
  /** The nights on the bill before the amendment. */
  readonly nights: readonly Night[];
  readonly stay: { readonly arrival: Day; readonly departure: Day };
  /** The room before the amendment. */
  readonly from: LockedRoom;
  /** The room after the amendment, from the night `split` on. It can be the same room. */
  readonly to: LockedRoom;
  /** The first night in the room `to`. */
  readonly split: Day;
  /** Whether the amendment names another room type. Another room alone keeps the prices. */
  readonly isRepriced: boolean;
  readonly rates: DayRates;
  /** Whether the amendment sets or withdraws an agreed price. This ends the old one, also for released nights. */
  readonly isPriceReplaced: boolean;
}

export interface AmendedNights {
  readonly nights: Night[];
  /** The agreed nights whose price ended, because nights of another room type replaced them. */
  readonly ended: readonly Night[];
}

/** Prices the nights of an amended stay, and keeps the prices of nights that leave the bill. */
export async function priceAmendedNights(
  trx: Trx,
  { booking, nights, stay: { arrival, departure }, from, to, split, isRepriced, rates, isPriceReplaced }: AmendedStay,
): Promise<AmendedNights> {
  if (isPriceReplaced) await dropAgreedRates(trx, booking);
  const isOther = to.room_id !== from.room_id;
  const kept = nights.filter((night) => !isRepriced || night.room_type_id === to.room_type_id);
  const productIn = ({ room_type_id: roomTypeId }: LockedRoom) => {
    return { booking_id: booking.booking_id, roomTypeId, others: isRepriced ? [] : nights };
  };
  const products = isOther && !isRepriced ? [productIn(from), productIn(to)] : [productIn(to)];
  const released = await readReleasedRates(trx, booking.hotel_id, products, { from: arrival, to: departure });
  const byDate = new Map(kept.map((night) => [night.date, night]));
  const firstRoom = isOther ? to.room_id : (nights[0]?.room_id ?? to.room_id);
  const quote = (room: LockedRoom, start: Day, end: Day) =>
    quoteStay(room, rates, start, end, booking.currency).nights.map((night) => ({ ...night, room }));
  const quoted = [...quote(from, arrival, split), ...quote(to, split, departure)];
  const amended = quoted.map(({ date, rate, room }): Night => {
    const night = byDate.get(date);
    if (night !== undefined) return isOther && date >= split ? { ...night, room_id: to.room_id } : night;
    const price = released.priceOf(productIn(room), { date, rate });
    return { ...price, date, room_id: date < booking.arrival ? firstRoom : room.room_id };
  });
  const keyOf = ({ date, room_type_id: type }: Night): string => `${date} ${type}`;
  const remaining = new Set(amended.map(keyOf));
  const leaving = nights.filter((night) => !remaining.has(keyOf(night)));
  if (isPriceReplaced) {
    await keepReleasedRates(trx, booking, from.room_type_id, leaving.map(withoutAgreement));
    return { nights: amended, ended: [] };
  }
  const isSameProduct = (night: Night): boolean => !isRepriced || night.room_type_id === to.room_type_id;
  const { added, from: passed } = carryPrices(
    leaving.filter(isSameProduct),
    amended.filter(({ date }) => !byDate.has(date)),
  );
  // A price that was passed on must not come back with the old night.
  const leavingRates = leaving.map((night) => (passed.has(night) ? withoutAgreement(night) : night));
  await keepReleasedRates(trx, booking, from.room_type_id, leavingRates);
  const carried = new Map(added.map((night) => [night.date, night]));
  return {
    nights: amended.map((night) => carried.get(night.date) ?? night),
    ended: leaving.filter((night) => isAgreed(night) && !isSameProduct(night)),
  };
}
