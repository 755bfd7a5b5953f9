/** All kinds of reports. A new kind is a file in this folder and an entry in this list. */
import { arrivals } from "./arrivals.ts";
import { bookings } from "./bookings.ts";
import type { ReportKind } from "./kind.ts";
import { occupancy } from "./occupancy.ts";
import { revenue } from "./revenue.ts";

export const kinds: readonly ReportKind[] = [bookings, occupancy, arrivals, revenue];

/** Finds a kind by its name. @throws Error if the row was stored by a newer version with more kinds */
export function kindOf(name: string): ReportKind {
  const kind = kinds.find((one) => one.name === name);
  if (kind === undefined) throw new Error(`The kind of report ${name} is unknown.`);
  return kind;
}
