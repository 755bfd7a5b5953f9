/** Reads the days and instants of a stay from a request. */
import * as z from "zod";

import { type Day, dayAt, daySchema, daysBetween, instantOf, instantSchema } from "../../../core/mod.ts";
import type { HotelSettings } from "../../identity/port.ts";
import { fieldFault, pmsProblems } from "../errors.ts";
import type { Booking } from "../models/booking.ts";

/** The most nights of one stay. The desk books a longer one in parts. */
export const mostNights = 366;

/** A day, which means the hotel's usual time on it, or an instant. */
export const dayOrInstantSchema = z
  .union([daySchema, instantSchema], { error: "must be a day (YYYY-MM-DD) or an RFC 3339 instant" })
  .meta({ examples: ["2026-12-24"] });

/** The half-open range of nights `[arrival, departure)` and the instants at its ends. */
export interface Stay {
  readonly arrival: Day;
  readonly departure: Day;
  readonly checkInAt: Date;
  readonly expectedCheckOutAt: Date;
}

/**
 * Reads both ends of a stay in the hotel's time zone.
 * @throws Problem VALIDATION_FAILED for a stay without a night, of more than 366, or before the business date
 */
export function readStay(hotel: HotelSettings, checkIn: string, expectedCheckOut: string): Stay {
  const stay = stayBetween(
    readEnd(checkIn, hotel.check_in_time, hotel.time_zone),
    readEnd(expectedCheckOut, hotel.check_out_time, hotel.time_zone),
  );
  requireAhead(stay.arrival, hotel.business_date, "/check_in_at", "body");
  return stay;
}

/**
 * Applies an amendment to the ends of a booking's stay. An end without a new value does not change.
 * @throws Problem VALIDATION_FAILED as for a new stay, and for a departure before the business date
 * @throws Problem WRONG_DAY for the arrival of a guest in house
 */
export function amendStay(
  hotel: HotelSettings,
  booking: Booking,
  checkIn: string | undefined,
  expectedCheckOut: string | undefined,
): Stay {
  const start =
    checkIn === undefined
      ? { day: booking.arrival, instant: booking.check_in_at }
      : readEnd(checkIn, hotel.check_in_time, hotel.time_zone);
  const end =
    expectedCheckOut === undefined
      ? { day: booking.departure, instant: booking.expected_check_out_at }
      : readEnd(expectedCheckOut, hotel.check_out_time, hotel.time_zone);
  const stay = stayBetween(start, end);
  const today = hotel.business_date;
  if (stay.arrival !== booking.arrival) {
    if (booking.status === "in_house") {
      throw pmsProblems.WRONG_DAY(`The guest arrived on ${booking.arrival}. That day can't be changed.`, {
        members: { business_date: today },
      });
    }
    requireAhead(stay.arrival, today, "/check_in_at", "body");
  }
  if (stay.departure !== booking.departure && stay.departure < today) {
    throw fieldFault("body", "/expected_check_out_at", `is before the business date ${today}`);
  }
  return stay;
}

interface End {
  readonly day: Day;
  readonly instant: Date;
}

function stayBetween(start: End, end: End): Stay {
  checkNights(start.day, end.day, "/expected_check_out_at", "body");
  return { arrival: start.day, departure: end.day, checkInAt: start.instant, expectedCheckOutAt: end.instant };
}

/** A day that was closed early can still be today by the calendar, so the refusal must say that it is closed. */
const closedDays =
  "earlier days are closed. GET /operations/closed-days lists when each was closed, and the staff member who did it. " +
  "Book a guest who arrives now from the business date";

/** @throws Problem VALIDATION_FAILED for an arrival before the business date */
export function requireAhead(arrival: Day, today: Day, pointer: string, where: "body" | "query"): void {
  if (arrival < today) throw fieldFault(where, pointer, `is before the business date ${today}: ${closedDays}`);
}

/** @throws Problem VALIDATION_FAILED for a range without a night, or of more than `mostNights` */
export function checkNights(arrival: Day, departure: Day, pointer: string, where: "body" | "query"): void {
  const nights = daysBetween(arrival, departure);
  if (nights < 1) throw fieldFault(where, pointer, "must be after the arrival: a stay has at least one night");
  if (nights > mostNights)
    throw fieldFault(where, pointer, `makes a stay of ${nights} nights; the limit is ${mostNights}`);
}

function readEnd(text: string, usualTime: string, timeZone: string): End {
  if (text.length === "YYYY-MM-DD".length) return { day: text, instant: instantOf(text, usualTime, timeZone) };
  const instant = new Date(text);
  return { day: dayAt(instant, timeZone), instant };
}
