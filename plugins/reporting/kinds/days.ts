/** The range of days in the requests of the occupancy and the revenue reports. */
import * as z from "zod";

import { formFault, formFields, formRequestFields, isForm } from "../csv/form.ts";
import { addDays, type Day, daysBetween, daySchema, earliestDay, latestDay } from "../../../core/mod.ts";

/** Three years. */
const mostDays = 1100;

export const daysBodySchema = z
  .strictObject({
    from: daySchema.optional().meta({ description: "The first day. Default: the first of the month." }),
    to: daySchema.optional().meta({ description: "The last day, included. Default: the last of the month." }),
    ...formFields,
  })
  .refine(isForm, formFault)
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
    path: ["to"],
    error: "must not be before from",
  })
  .refine(({ from, to }) => from === undefined || to === undefined || daysBetween(from, to) < mostDays, {
    path: ["to"],
    error: `must be less than ${mostDays} days after from`,
  });

export const daysRequestSchema = z.strictObject({ from: daySchema, to: daySchema, ...formRequestFields });
export type DaysRequest = z.output<typeof daysRequestSchema>;

/** Completes the range. The default of one end is in the month of the other end, or in the current month. */
export function normalizeDays({ from, to }: z.output<typeof daysBodySchema>, today: Day): DaysRequest {
  return { from: from ?? firstOfMonth(to ?? today), to: to ?? lastOfMonth(from ?? today) };
}

const monthOf = (day: Day): string => day.slice(0, 7);

/** Returns the first of the month, or the earliest day: the first month of the calendar is not whole. */
function firstOfMonth(day: Day): Day {
  return monthOf(day) === monthOf(earliestDay) ? earliestDay : `${monthOf(day)}-01`;
}

function lastOfMonth(day: Day): Day {
  if (monthOf(day) === monthOf(latestDay)) return latestDay;
  // Four days after the 28th are always in the next month.
  return addDays(`${monthOf(addDays(`${monthOf(day)}-28`, 4))}-01`, -1);
}

export function daysFileName(name: string, { from, to }: DaysRequest, today: Day): string {
  return `${name}-${from}-${to}-asked-${today}.csv`;
}
