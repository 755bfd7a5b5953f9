/** The model of how far a stay is: the first night that can still be changed. */
import type { ModelBooking, ModelHotel, ModelStatus } from "./hotel.ts";

/** The first night that is still to be slept: last night's, where the guest is expected and leaves today. */
export const firstAhead = ({ today }: ModelHotel, status: ModelStatus, departure: number): number =>
  status === "confirmed" && departure === today ? today - 1 : today;

/**
 * The first night that a move gives to another room. A guest in the house has slept each booked night that was over by the
 * hotel's clock: the night of a calendar day is over at four in the morning of the next.
 */
export function firstToMove(hotel: ModelHotel, { status, departure }: ModelBooking): number {
  if (status !== "in_house") return firstAhead(hotel, status, departure);
  const tonight = hotel.calendarDay() - (hotel.clock.hour < 4 ? 1 : 0);
  return Math.max(hotel.today, Math.min(tonight, departure));
}

/** The first night that an amendment gives to another room: after all that a guest in the house has slept. */
export function firstToAmend(hotel: ModelHotel, booking: ModelBooking): number {
  const { status, departure } = booking;
  const isSlept = status === "in_house" && departure <= Math.max(hotel.today, hotel.calendarDay());
  return isSlept ? Math.max(departure, hotel.today) : firstToMove(hotel, booking);
}
