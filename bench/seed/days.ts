/**
 * Days as numbers, because the seed counts in millions of them. Instants as text, computed once for each day and
 * zone.
 */
import { type Day, instantOf } from "../../core/mod.ts";

/** Days since 1970-01-01. */
export type DayNumber = number;

export const msPerDay = 86_400_000;

const texts = new Map<DayNumber, Day>();

export const dayNumber = (day: Day): DayNumber => Date.parse(day) / msPerDay;

export function dayText(day: DayNumber): Day {
  let text = texts.get(day);
  if (text === undefined) texts.set(day, (text = new Date(day * msPerDay).toISOString().slice(0, 10)));
  return text;
}

/** 0 for Monday. */
export const weekday = (day: DayNumber): number => (day + 3) % 7;

const instants = new Map<string, number>();

/** The instant of this time of day in a time zone, in ms since 1970. */
export function msAt(day: DayNumber, time: string, zone: string): number {
  const key = `${day} ${time} ${zone}`;
  let ms = instants.get(key);
  if (ms === undefined) instants.set(key, (ms = instantOf(dayText(day), time, zone).getTime()));
  return ms;
}

export const instantText = (ms: number): string => new Date(ms).toISOString();
