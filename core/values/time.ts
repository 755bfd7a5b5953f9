import { Temporal } from "temporal-polyfill";
import * as z from "zod";

/**
 * Days and instants. A day is `YYYY-MM-DD` in some time zone, kept as a string (it has no hour, so a Date would lie
 * about it); an instant is a JavaScript Date, RFC 3339 in UTC on the wire.
 */
export type Day = string;

/** The first and the last day that there is here. Both keep a day's distance from what the formats can write, for a time zone may move an instant across them. */
export const [earliestDay, latestDay] = ["1970-01-02", "9999-12-30"] as const;
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

/** What a time zone must look like, for whoever sent another. */
export const timeZoneHint =
  "is not an IANA time zone such as Europe/Berlin or America/New_York (region/city, spelled as in the IANA list) or UTC";

/** The IANA time zone of a place, as region/city, or UTC. */
export const timeZoneSchema = z
  .string()
  .max(64)
  .refine(isTimeZone, timeZoneHint)
  .meta({ examples: ["Europe/Berlin"] });

/**
 * Whether the name means the same zone wherever it is read. A short name does not: JavaScript's Intl takes abbreviations
 * such as AET that Temporal and PostgreSQL do not know, and PostgreSQL reads CET as an offset without daylight saving.
 */
function isTimeZone(name: string): boolean {
  if (name !== "UTC" && (!name.includes("/") || /^(Etc|SystemV)\//.test(name))) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    // Temporal takes any case, and gives back the one of the IANA list.
    return zoned(new Date(0), name).timeZoneId === name;
  } catch {
    return false;
  }
}

/** A stored time zone that this runtime does not know, such as one from before the names were checked. */
export class UnknownTimeZone extends Error {
  constructor(name: string, cause: unknown) {
    super(`The stored time zone "${name}" is not known. Remedy: set it to ${timeZoneHint.replace("is not ", "")}.`, {
      cause,
    });
  }
}

/** The day that it is at an instant in a time zone. @throws UnknownTimeZone */
export function dayAt(instant: Date, timeZone: string): Day {
  return zoned(instant, timeZone).toPlainDate().toString();
}

/**
 * The instant at which a wall clock in the zone shows this time on this day; a skipped hour counts as the one after it.
 * @throws UnknownTimeZone
 */
export function instantOf(day: Day, timeOfDay: string, timeZone: string): Date {
  const wall = Temporal.PlainDate.from(day).toPlainDateTime(Temporal.PlainTime.from(timeOfDay));
  const zonedWall = inKnownZone(timeZone, () => wall.toZonedDateTime(timeZone, { disambiguation: "compatible" }));
  return new Date(zonedWall.epochMilliseconds);
}

// Between days there is no time zone, and in UTC every day has as many milliseconds: plain numbers are exact here, and
// the calls that somebody waits for count days all the time.
const msPerDay = 86_400_000;

/** The day so many days later (or earlier, where negative). @throws RangeError where there is no such day */
export function addDays(day: Day, days: number): Day {
  const text = new Date(Date.parse(day) + days * msPerDay).toISOString();
  return text.slice(0, text.indexOf("T"));
}

/** How many days lie between two days; negative where the second is the earlier. */
export function daysBetween(from: Day, to: Day): number {
  return (Date.parse(to) - Date.parse(from)) / msPerDay;
}

/** Every day of the half-open range `[from, to)`. */
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
