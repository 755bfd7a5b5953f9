/** Computes when a scheduled report is due, and its days, in the hotel's time zone. */
import { addDays, type Day, dayAt, instantOf } from "../../../core/mod.ts";
import type { Rhythm } from "../models/report_schedule.ts";

export interface Timing {
  readonly every: Rhythm;
  /** `HH:MM` or `HH:MM:SS`. */
  readonly at: string;
}

/**
 * Returns the first run after an instant. A time that a clock change skips counts as the hour after it. A time that
 * comes twice counts once, at its first occurrence.
 */
export function nextRun({ every, at }: Timing, timeZone: string, after: Date): Date {
  const today = dayAt(after, timeZone);
  const [first, second] = every === "night" ? [today, addDays(today, 1)] : [firstOf(today), firstOfNext(today)];
  const time = instantOf(first, at, timeZone);
  return time > after ? time : instantOf(second, at, timeZone);
}

/** Returns the days of a run: the day before it, or the month before its month. @param due the scheduled time */
export function daysOf({ every }: Timing, timeZone: string, due: Date): { from: Day; to: Day } {
  const day = dayAt(due, timeZone);
  if (every === "night") return { from: addDays(day, -1), to: addDays(day, -1) };
  const last = addDays(firstOf(day), -1);
  return { from: firstOf(last), to: last };
}

const firstOf = (day: Day): Day => `${day.slice(0, 7)}-01`;
const firstOfNext = (day: Day): Day => firstOf(addDays(firstOf(day), 32));
