import { Temporal } from "temporal-polyfill";
import * as z from "zod";

/**
 * Days and instants. A day is the string `YYYY-MM-DD` in some time zone, because a Date also has an hour. An instant
 * is a JavaScript Date, and RFC 3339 in UTC in JSON.
 */
export type Day = string;

// Both limits are a day inside the range of the formats, because a time zone can move an instant by a day.
/** The first day that the platform accepts. */
export const earliestDay = "1970-01-02";
/** The last day that the platform accepts. */
export const latestDay = "9999-12-30";
const outOfRange = `is not between ${earliestDay} and ${latestDay}`;

/** A day between 1970 and 9999. */
export const daySchema = z.iso
  .date("is not a day as YYYY-MM-DD")
  .refine((day) => day >= earliestDay && day <= latestDay, outOfRange)
  .meta({ examples: ["2026-12-24"] });

/** An instant as RFC 3339, with any offset. */
export const instantSchema = z.iso
  .datetime({ offset: true, error: "is not an RFC 3339 instant" })
  // An offset of more than a day is well-formed and no place's.
  .refine(
    (text) => Date.parse(text) >= Date.parse(earliestDay) && Date.parse(text) <= Date.parse(latestDay),
    outOfRange,
  )
  .meta({ examples: ["2026-12-24T14:00:00Z"] });

/** An instant on its way out. */
export const instantOutSchema = z.iso.datetime().meta({ examples: ["2026-12-24T14:00:00.000Z"] });

/** A time of day as `HH:MM`. */
export const timeOfDaySchema = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "is not a time of day as HH:MM")
  .meta({ examples: ["14:00"] });

/** The form of a time zone, for the message to a caller who sent another text. */
export const timeZoneHint =
  "is not an IANA time zone such as Europe/Berlin or America/New_York " +
  "(region/city, spelled as in the IANA list) or UTC";

/** The IANA time zone of a place, as region/city, or UTC. */
export const timeZoneSchema = z
  .string()
  .max(64)
  .refine(isTimeZone, timeZoneHint)
  .meta({ examples: ["Europe/Berlin"] });

/**
 * Says whether the name means the same zone in every program. A short name does not. JavaScript's Intl accepts
 * abbreviations such as AET, which Temporal and PostgreSQL do not know. PostgreSQL reads CET as an offset without
 * daylight saving.
 */
function isTimeZone(name: string): boolean {
  if (name !== "UTC" && (!name.includes("/") || /^(Etc|SystemV)\//.test(name))) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    // Temporal accepts any case, and returns the spelling of the IANA list.
    return zoned(new Date(0), name).timeZoneId === name;
  } catch {
    return false;
  }
}

/** A stored time zone that this runtime does not know. An old one can have been stored before names were checked. */
export class UnknownTimeZone extends Error {
  constructor(name: string, cause: unknown) {
    super(`The stored time zone "${name}" is not known. Remedy: set it to ${timeZoneHint.replace("is not ", "")}.`, {
      cause,
    });
  }
}

/** Returns the day of an instant in a time zone. @throws UnknownTimeZone */
export function dayAt(instant: Date, timeZone: string): Day {
  return zoned(instant, timeZone).toPlainDate().toString();
}

/**
 * Returns the instant at which a clock in the zone shows this time on this day. A skipped hour counts as the next one.
 * @throws UnknownTimeZone
 */
export function instantOf(day: Day, timeOfDay: string, timeZone: string): Date {
  const local = Temporal.PlainDate.from(day).toPlainDateTime(Temporal.PlainTime.from(timeOfDay));
  const exact = inKnownZone(timeZone, () => local.toZonedDateTime(timeZone, { disambiguation: "compatible" }));
  return new Date(exact.epochMilliseconds);
}

// Days have no time zone, and in UTC every day has the same number of milliseconds. So plain numbers are exact here,
// and fast enough for requests, which count days often.
const msPerDay = 86_400_000;

/** Adds days to a day, or subtracts a negative number. @throws RangeError if the calendar has no such day */
export function addDays(day: Day, days: number): Day {
  const text = new Date(Date.parse(day) + days * msPerDay).toISOString();
  return text.slice(0, text.indexOf("T"));
}

/** Counts the days between two days. The count is negative if the second day is earlier. */
export function daysBetween(from: Day, to: Day): number {
  return (Date.parse(to) - Date.parse(from)) / msPerDay;
}

/** Lists the days of the half-open range `[from, to)`. */
export function eachDay(from: Day, to: Day): Day[] {
  return Array.from({ length: Math.max(0, daysBetween(from, to)) }, (_, days) => addDays(from, days));
}

function zoned(instant: Date, timeZone: string): Temporal.ZonedDateTime {
  const exact = Temporal.Instant.fromEpochMilliseconds(instant.getTime());
  return inKnownZone(timeZone, () => exact.toZonedDateTimeISO(timeZone));
}

function inKnownZone<T>(timeZone: string, convert: () => T): T {
  try {
    return convert();
  } catch (cause) {
    throw isKnown(timeZone) ? cause : new UnknownTimeZone(timeZone, cause);
  }
}

function isKnown(timeZone: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(timeZone);
    return true;
  } catch {
    return false;
  }
}
