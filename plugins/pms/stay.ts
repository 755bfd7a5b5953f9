/** A stay's days and instants, from what the desk typed. */
import * as z from "zod";

import {
  type Day,
  dayAt,
  daySchema,
  daysBetween,
  instantOf,
  instantSchema,
  type FieldError,
  problems,
} from "../../core/mod.ts";
import { businessDate, type HotelSettings } from "../identity/port.ts";

/** Most nights of one stay; a longer one is booked in parts. */
export const mostNights = 366;

/** A day (the hotel's usual time on it) or an instant. */
export const dayOrInstantSchema = z
  .union([daySchema, instantSchema], { error: "is neither a day as YYYY-MM-DD nor an RFC 3339 instant" })
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
 * @throws Problem VALIDATION_FAILED where it has no night, too many, or begins before the business date
 */
export function readStay(hotel: HotelSettings, checkIn: string, expectedCheckOut: string): Stay {
  const start = readEnd(checkIn, hotel.check_in_time, hotel.time_zone);
  const end = readEnd(expectedCheckOut, hotel.check_out_time, hotel.time_zone);
  const stay = { arrival: start.day, departure: end.day, checkInAt: start.instant, expectedCheckOutAt: end.instant };
  checkNights(stay.arrival, stay.departure, "/expected_check_out_at", "body");
  const today = businessDate(hotel);
  if (stay.arrival < today) refuse("body", "/check_in_at", `is before the business date ${today}`);
  return stay;
}

/** @throws Problem VALIDATION_FAILED where a range of nights is empty or longer than `mostNights` */
export function checkNights(arrival: Day, departure: Day, pointer: string, where: FieldError["in"]): void {
  const nights = daysBetween(arrival, departure);
  if (nights < 1) refuse(where, pointer, "is not after the arrival: a stay has at least one night");
  if (nights > mostNights) refuse(where, pointer, `makes a stay of ${nights} nights; ${mostNights} are the most`);
}

function readEnd(text: string, usualTime: string, timeZone: string): { day: Day; instant: Date } {
  if (text.length === "YYYY-MM-DD".length) return { day: text, instant: instantOf(text, usualTime, timeZone) };
  const instant = new Date(text);
  return { day: dayAt(instant, timeZone), instant };
}

function refuse(where: FieldError["in"], pointer: string, detail: string): never {
  throw problems.VALIDATION_FAILED(`${pointer} ${detail}`, { errors: [{ in: where, pointer, detail }] });
}
