/** Money, days and times in the user's language. */
import { locale } from "./messages.ts";

const cache = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();

function kept<F extends Intl.NumberFormat | Intl.DateTimeFormat>(key: string, make: () => F): F {
  const full = `${locale.value} ${key}`;
  // Each key begins with a word of its own for each kind of format.
  const known = cache.get(full) as F | undefined;
  if (known !== undefined) return known;
  const made = make();
  cache.set(full, made);
  return made;
}

/** Writes an amount, such as `"120.00"`. It stays text: a JavaScript number can't hold every amount. */
export function money(amount: string, currency: string): string {
  const format = kept(`money ${currency}`, () => new Intl.NumberFormat(locale.value, { style: "currency", currency }));
  // The server writes amounts as decimal numbers.
  return format.format(amount as Intl.StringNumericLiteral);
}

/** Forms of a day: `27 Nov`, `Fri 27 Nov`, `Friday, 27 November 2026`, `Fri`. */
export type DayStyle = "short" | "weekday" | "long" | "name";

const dayStyles: Readonly<Record<DayStyle, Intl.DateTimeFormatOptions>> = {
  short: { day: "numeric", month: "short" },
  weekday: { weekday: "short", day: "numeric", month: "short" },
  long: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
  name: { weekday: "short" },
};

/** Writes a day of the hotel, such as `"2026-11-27"`. */
export function day(value: string, style: DayStyle = "short"): string {
  const format = kept(
    `day ${style}`,
    () => new Intl.DateTimeFormat(locale.value, { ...dayStyles[style], timeZone: "UTC" }),
  );
  return format.format(new Date(`${value}T00:00:00Z`));
}

/** Writes a range of days: `26 – 29 Nov`. */
export function dayRange(from: string, to: string): string {
  const format = kept("range", () => new Intl.DateTimeFormat(locale.value, { ...dayStyles.short, timeZone: "UTC" }));
  return format.formatRange(new Date(`${from}T00:00:00Z`), new Date(`${to}T00:00:00Z`));
}

/** Writes an instant in the hotel's time zone: `27 Nov, 14:02`. */
export function instant(value: string, timeZone: string): string {
  const format = kept(
    `instant ${timeZone}`,
    () => new Intl.DateTimeFormat(locale.value, { ...dayStyles.short, hour: "2-digit", minute: "2-digit", timeZone }),
  );
  return format.format(new Date(value));
}

/** Writes the time of an instant in the hotel's time zone: `14:02`. */
export function timeOfDay(value: string, timeZone: string): string {
  const format = kept(
    `time ${timeZone}`,
    () => new Intl.DateTimeFormat(locale.value, { hour: "2-digit", minute: "2-digit", timeZone }),
  );
  return format.format(new Date(value));
}

/** The day at the hotel now. */
export function dayNow(timeZone: string): string {
  const format = kept(`now ${timeZone}`, () => new Intl.DateTimeFormat("en-CA", { timeZone }));
  return format.format(new Date());
}
