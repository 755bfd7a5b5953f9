/**
 * Computes which nights of a stay are over and which are ahead. The business date alone does not decide it.
 * Between midnight and the close of the day, the calendar at the hotel is one day ahead of the business date.
 */
import { addDays, type Day, dayAt, instantOf } from "../../../../core/mod.ts";
import type { HotelSettings } from "../../../identity/port.ts";
import { pmsProblems } from "../../errors.ts";
import type { Booking } from "../../models/booking.ts";

type HotelClock = Pick<HotelSettings, "business_date" | "time_zone">;

/** Returns the last day that has begun: the calendar's day at the hotel, or the business date if that is later. */
export function lastDayBegun({ business_date: today, time_zone: zone }: HotelClock, now: Date): Day {
  const calendar = dayAt(now, zone);
  return calendar > today ? calendar : today;
}

/**
 * Returns the day up to which a guest in house has slept at the hotel: all booked nights before the calendar's day are
 * over. The business date is the minimum, because the guest was in house until then.
 */
export function sleptUntil({ departure }: Pick<Booking, "departure">, hotel: HotelClock, now: Date): Day {
  const begun = lastDayBegun(hotel, now);
  if (begun <= departure) return begun;
  return departure > hotel.business_date ? departure : hotel.business_date;
}

/** A guest who changes rooms before this time sleeps the rest of the night in the new room. */
const nightEndsAt = "04:00";

/**
 * Returns the first night that a move can give to another room. Nights that a guest in house has slept keep their room,
 * even if the days of those nights are not closed.
 */
export function firstNightToMove(booking: Pick<Booking, "status" | "departure">, hotel: HotelClock, now: Date): Day {
  const { business_date: today, time_zone: zone } = hotel;
  if (booking.status !== "in_house") return firstNightAhead(booking, today);
  const calendar = dayAt(now, zone);
  const tonight = now < instantOf(calendar, nightEndsAt, zone) ? addDays(calendar, -1) : calendar;
  const first = tonight < booking.departure ? tonight : booking.departure;
  return first > today ? first : today;
}

/**
 * Returns the first night that an amendment can give to another room. If a guest in house has slept all booked nights
 * and stays on, this is the first added night.
 */
export function firstNightToAmend(booking: Pick<Booking, "status" | "departure">, hotel: HotelClock, now: Date): Day {
  return booking.status === "in_house" && lastDayBegun(hotel, now) >= booking.departure
    ? sleptUntil(booking, hotel, now)
    : firstNightToMove(booking, hotel, now);
}

/**
 * Returns the first night ahead by the business date alone. That is tonight, with one exception: a guest who arrives
 * after the close of the last night's day still has that night ahead.
 */
export function firstNightAhead({ status, departure }: Pick<Booking, "status" | "departure">, today: Day): Day {
  return status === "confirmed" && departure === today ? addDays(today, -1) : today;
}

/** Makes the refusal to move a booking whose nights are over. It names the call that adds nights in another room. */
export function nothingToMove(departure: Day, today: Day) {
  return pmsProblems.WRONG_DAY(
    `The stay ends on ${departure}: there is no night left to move. To let the guest stay on in that room, send ` +
      "expected_check_out_at and room_id to PATCH /bookings/{booking_id}.",
    { members: { business_date: today } },
  );
}
