/** A range of days, as all computed kinds ask for it. */
import * as z from "zod";

import { formFault, formFields, formRequestFields, isForm } from "../csv/form.ts";
import { addDays, type Day, daysBetween, daySchema, earliestDay, latestDay } from "../../../core/mod.ts";

/** Three years. */
const mostDays = 1100;

export const daysBodySchema = z
  .strictObject({
    from: daySchema.optional().meta({ description: "The first day; without it, the first of the month." }),
    to: daySchema.optional().meta({ description: "The last day, itself included; without it, the month's last." }),
    ...formFields,
  })
  .refine(isForm, formFault)
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
    path: ["to"],
    error: "is before from",
  })
  .refine(({ from, to }) => from === undefined || to === undefined || daysBetween(from, to) < mostDays, {
    path: ["to"],
    error: `makes more than ${mostDays} days`,
  });

export const daysRequestSchema = z.strictObject({ from: daySchema, to: daySchema, ...formRequestFields });
export type DaysRequest = z.output<typeof daysRequestSchema>;

/** The range that is meant; where an end is left out, that of the other's month, or of today's. */
export function normaliseDays({ from, to }: z.output<typeof daysBodySchema>, today: Day): DaysRequest {
  return { from: from ?? firstOfMonth(to ?? today), to: to ?? lastOfMonth(from ?? today) };
}

const monthOf = (day: Day): string => day.slice(0, 7);

/** The first and the last month are not whole: they begin and end with the days that there are. */
function firstOfMonth(day: Day): Day {
  return monthOf(day) === monthOf(earliestDay) ? earliestDay : `${monthOf(day)}-01`;
}

function lastOfMonth(day: Day): Day {
  if (monthOf(day) === monthOf(latestDay)) return latestDay;
  // Four days after the 28th it is the next month, whichever the month.
  return addDays(`${monthOf(addDays(`${monthOf(day)}-28`, 4))}-01`, -1);
}

export function daysFileName(name: string, { from, to }: DaysRequest, today: Day): string {
  return `${name}-${from}-${to}-asked-${today}.csv`;
}
