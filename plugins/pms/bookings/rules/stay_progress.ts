/**
 * How far a stay is: which of its nights are over, and which are still ahead. The business date alone does not say it. After
 * midnight and before the close of the day, the calendar at the hotel is ahead of it.
 */
import { addDays, type Day, dayAt, instantOf } from "../../../../core/mod.ts";
import type { HotelSettings } from "../../../identity/port.ts";
import { pmsProblems } from "../../errors.ts";
import type { Booking } from "../../models/booking.ts";

type Clock = Pick<HotelSettings, "business_date" | "time_zone">;

/** The last day that has begun: the calendar's at the hotel, or the business date where the day was closed early. */
export function lastDayBegun({ business_date: today, time_zone: zone }: Clock, now: Date): Day {
  const calendar = dayAt(now, zone);
  return calendar > today ? calendar : today;
}

/**
 * The day up to which a guest in the house has slept there: all booked nights before the calendar's day. It is the business
 * date at the earliest, for the guest was in the house until then.
 */
export function sleptUntil({ departure }: Pick<Booking, "departure">, hotel: Clock, now: Date): Day {
  const begun = lastDayBegun(hotel, now);
  if (begun <= departure) return begun;
  return departure > hotel.business_date ? departure : hotel.business_date;
}

/** A guest who changes rooms before this time sleeps the rest of the night in the new room. */
const nightEnds = "04:00";

/**
 * The first night that a move can give to another room. A guest in the house has slept the nights before it, also where
 * their days are not closed yet: those nights keep their room.
 */
export function firstNightToMove(booking: Pick<Booking, "status" | "departure">, hotel: Clock, now: Date): Day {
  const { business_date: today, time_zone: zone } = hotel;
  if (booking.status !== "in_house") return firstNightAhead(booking, today);
  const calendar = dayAt(now, zone);
  const tonight = now < instantOf(calendar, nightEnds, zone) ? addDays(calendar, -1) : calendar;
  const first = tonight < booking.departure ? tonight : booking.departure;
  return first > today ? first : today;
}

/**
 * The first night that an amendment can give to another room. Where a guest in the house has slept all booked nights and
 * stays on, it is the first added one.
 */
export function firstNightToAmend(booking: Pick<Booking, "status" | "departure">, hotel: Clock, now: Date): Day {
  return booking.status === "in_house" && lastDayBegun(hotel, now) >= booking.departure
    ? sleptUntil(booking, hotel, now)
    : firstNightToMove(booking, hotel, now);
}

/**
 * The first night that a booking has left by the business date alone: tonight's. The last night of a guest who arrives after
 * the close of its day is the one before the business date.
 */
export function firstNightAhead({ status, departure }: Pick<Booking, "status" | "departure">, today: Day): Day {
  return status === "confirmed" && departure === today ? addDays(today, -1) : today;
}

/** The refusal to move a booking whose nights are over. It names the call that adds nights in another room. */
export function nothingToMove(departure: Day, today: Day) {
  return pmsProblems.WRONG_DAY(
    `The stay ends on ${departure}: there is no night left to move. To let the guest stay on in that room, send ` +
      "expected_check_out_at and room_id to PATCH /bookings/{booking_id}.",
    { members: { business_date: today } },
  );
}
