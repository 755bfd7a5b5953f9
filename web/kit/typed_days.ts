/** Understands typed days (`12.3.`, `3/12`, `+2`, `fri`, `tomorrow`) and stays (`fri 2n`). */
import { addDays, daysBetween } from "../i18n/days.ts";

export interface TypedStay {
  readonly arrival: string;
  readonly departure: string;
}

/** The most nights of a typed stay: one year, as the server allows. */
const mostNights = 365;

const lower = (text: string, locale: string): string => text.toLocaleLowerCase(locale).replace(/\.$/, "");

/** Reads one day. A day without a year is the next one from `today` on. @returns undefined for an unknown text */
export function parseDay(text: string, today: string, locale: string): string | undefined {
  const typed = text.trim().toLocaleLowerCase(locale);
  const exact = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(typed);
  if (exact !== null) return dayOf(Number(exact[1]), Number(exact[2]), Number(exact[3]));
  const later = /^\+(\d{1,3})$/.exec(typed);
  if (later !== null) return addDays(today, Number(later[1]));
  return relativeDay(typed, today, locale) ?? weekday(typed, today, locale) ?? numbersDay(typed, today, locale);
}

/** Reads an arrival, and a departure (`fri sun`) or nights (`fri 2n`). Without them, the stay has one night. */
export function parseStay(text: string, today: string, locale: string): TypedStay | undefined {
  const [first, second, ...rest] = text
    .trim()
    .split(/\s+[-–]\s+|\s+|–/)
    .filter((part) => part !== "");
  if (first === undefined || rest.length > 0) return undefined;
  const onlyNights = /^(\d{1,3})n$/i.exec(first);
  if (onlyNights !== null) return second === undefined ? stayOf(today, Number(onlyNights[1])) : undefined;
  const arrival = parseDay(first, today, locale);
  if (arrival === undefined) return undefined;
  if (second === undefined) return stayOf(arrival, 1);
  const nights = /^(\d{1,3})n$/i.exec(second);
  if (nights !== null) return stayOf(arrival, Number(nights[1]));
  // A weekday, or a day without a year, is the next one after the arrival.
  const isLater = second.startsWith("+");
  const departure = parseDay(second, isLater ? arrival : addDays(arrival, 1), locale);
  return departure === undefined ? undefined : stayOf(arrival, daysBetween(arrival, departure));
}

function stayOf(arrival: string, nights: number): TypedStay | undefined {
  return nights < 1 || nights > mostNights ? undefined : { arrival, departure: addDays(arrival, nights) };
}

function relativeDay(typed: string, today: string, locale: string): string | undefined {
  for (const days of [0, 1]) {
    const names = [locale, "en"].map((name) =>
      new Intl.RelativeTimeFormat(name, { numeric: "auto" }).format(days, "day").toLocaleLowerCase(name),
    );
    if (names.includes(typed)) return addDays(today, days);
  }
  return undefined;
}

/** The next day of that name, today included. Two letters are enough. */
function weekday(typed: string, today: string, locale: string): string | undefined {
  if (lower(typed, locale).length < 2) return undefined;
  for (const name of [locale, "en"]) {
    const format = new Intl.DateTimeFormat(name, { weekday: "long", timeZone: "UTC" });
    for (let days = 0; days < 7; days += 1) {
      const date = addDays(today, days);
      if (lower(format.format(new Date(`${date}T00:00:00Z`)), name).startsWith(lower(typed, name))) return date;
    }
  }
  return undefined;
}

/** `12.3.` is always day and month. `3/12` is as the locale writes it. `12` is a day of a month. */
function numbersDay(typed: string, today: string, locale: string): string | undefined {
  const parts = /^(\d{1,2})(?:([./-])(\d{1,2})(?:\2(\d{4})?)?)?\.?$/.exec(typed);
  if (parts === null) return undefined;
  const [, one, sign, two, year] = parts;
  const [thisYear, thisMonth] = [Number(today.slice(0, 4)), Number(today.slice(5, 7))];
  if (two === undefined) {
    const found = [0, 1, 2].map((more) => dayOf(thisYear, thisMonth + more, Number(one)));
    return found.find((date) => date !== undefined && date >= today);
  }
  const isMonthFirst = sign !== "." && writesMonthFirst(locale);
  const [month, date] = isMonthFirst ? [Number(one), Number(two)] : [Number(two), Number(one)];
  if (month < 1 || month > 12) return undefined;
  if (year !== undefined) return dayOf(Number(year), month, date);
  // 29 February can be eight years away.
  const years = Array.from({ length: 9 }, (_none, more) => dayOf(thisYear + more, month, date));
  return years.find((found) => found !== undefined && found >= today);
}

function writesMonthFirst(locale: string): boolean {
  const parts = new Intl.DateTimeFormat(locale, { day: "numeric", month: "numeric" }).formatToParts();
  return parts.findIndex(({ type }) => type === "month") < parts.findIndex(({ type }) => type === "day");
}

/** @returns undefined for a day that its month does not have */
function dayOf(year: number, month: number, date: number): string | undefined {
  const found = new Date(Date.UTC(year, month - 1, date));
  return found.getUTCDate() === date && date > 0 ? found.toISOString().slice(0, 10) : undefined;
}
