/** Every kind of report that there is. A new one is a file beside this and a line here. */
import { arrivals } from "./arrivals.ts";
import { bookings } from "./bookings.ts";
import type { ReportKind } from "./kind.ts";
import { occupancy } from "./occupancy.ts";
import { revenue } from "./revenue.ts";

export const kinds: readonly ReportKind[] = [bookings, occupancy, arrivals, revenue];

/** @throws Error for a kind that is none: a row of a newer version's */
export function kindOf(name: string): ReportKind {
  const kind = kinds.find((one) => one.name === name);
  if (kind === undefined) throw new Error(`There is no report of the kind ${name}.`);
  return kind;
}
