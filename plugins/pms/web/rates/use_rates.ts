import { addDays, useApi, useRead } from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";

export type CalendarType = PmsApi["readCalendar"]["result"]["items"][number];
export type CalendarDay = CalendarType["days"][number];
export type DayRate = PmsApi["listRates"]["result"]["items"][number];

/** Reads the calendar of all room types, and which days have a rate of their own. */
export function useRates(from: string, days: number) {
  const api = useApi<PmsApi>();
  const to = addDays(from, days - 1);
  const calendar = useRead(api.readCalendar, { query: { from, to } }, { keepsOld: true });
  const own = useRead(api.listRates, { query: { from, to } }, { keepsOld: true });
  return {
    types: calendar.body?.items ?? [],
    currency: calendar.body?.currency ?? "",
    own: own.body?.items ?? [],
    isLoading: calendar.isLoading || own.isLoading,
    isOld: calendar.isOld || own.isOld,
    problem: calendar.problem ?? own.problem,
    refresh: () => Promise.all([calendar.refresh(), own.refresh()]),
  };
}
