/** Models the progress of a stay: finds the first night that an operation can still change. */
import type { ModelBooking, ModelStatus } from "./data.ts";
import type { ModelHotel } from "./hotel.ts";

/**
 * Returns the first night that is not over by the business date. For a confirmed booking that departs today, it is last
 * night: a reinstated no-show arrives after the close and still sleeps that night.
 */
export const firstAhead = ({ today }: ModelHotel, status: ModelStatus, departure: number): number =>
  status === "confirmed" && departure === today ? today - 1 : today;

/**
 * Returns the first night that a move puts into another room. A guest in house has slept each booked night that is over
 * by the hotel's clock. The night of a calendar day is over at 04:00 on the next day.
 */
export function firstToMove(hotel: ModelHotel, { status, departure }: ModelBooking): number {
  if (status !== "in_house") return firstAhead(hotel, status, departure);
  const tonight = hotel.calendarDay() - (hotel.clock.hour < 4 ? 1 : 0);
  return Math.max(hotel.today, Math.min(tonight, departure));
}

/** Returns the first night that an amendment puts into another room, after all nights that the guest has slept. */
export function firstToAmend(hotel: ModelHotel, booking: ModelBooking): number {
  const { status, departure } = booking;
  const isSlept = status === "in_house" && departure <= Math.max(hotel.today, hotel.calendarDay());
  return isSlept ? Math.max(departure, hotel.today) : firstToMove(hotel, booking);
}
