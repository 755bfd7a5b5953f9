/**
 * Restrictions of a stay's arrival day: the day is closed to arrival, or has a minimum stay.
 *
 * A manager can override both with a reason. The history records which of them were overridden.
 */
import * as z from "zod";

import { addDays, type Day, problems, textSchema } from "../../../core/mod.ts";
import { isManager } from "../../identity/port.ts";
import { pmsProblems } from "../errors.ts";
import type { DayRates } from "./prices.ts";

export const restrictions = ["closed_to_arrival", "minimum_stay"] as const;
export type Restriction = (typeof restrictions)[number];

export const overrideSchema = z
  .strictObject({ reason: textSchema(500).meta({ examples: ["the guest's flight was canceled"] }) })
  .meta({
    id: "OverrideRestrictions",
    description: "Overrides a minimum stay and a day that is closed to arrival (/rates). Only managers can use it.",
  });

/** @throws Problem FORBIDDEN for other roles than manager */
export function requireManager(role: string | undefined): void {
  if (isManager(role)) return;
  throw problems.FORBIDDEN("Only a manager can override a minimum stay or a day that is closed to arrival.");
}

/** A manager's override, and the restrictions to which it was applied. */
export class Override {
  readonly #reason: string;
  readonly #met = new Set<Restriction>();

  /** @throws Problem FORBIDDEN for other roles than manager */
  constructor({ reason }: z.output<typeof overrideSchema>, role: string | undefined) {
    requireManager(role);
    this.#reason = reason;
  }

  note(restriction: Restriction): void {
    this.#met.add(restriction);
  }

  /** Starts the next of several bookings: clears the noted restrictions. */
  begin(): void {
    this.#met.clear();
  }

  /** The manager's reason for each overridden restriction. */
  get reasons(): Readonly<Partial<Record<Restriction, string>>> {
    return Object.fromEntries([...this.#met].map((restriction) => [restriction, this.#reason]));
  }
}

/** A stay in rooms of one type. */
interface RequestedStay {
  readonly roomTypeId: string;
  readonly arrival: Day;
  readonly departure: Day;
}

const minimumOf = (rates: DayRates, { roomTypeId, arrival, departure }: RequestedStay): number | undefined => {
  const minimum = rates.on(roomTypeId, arrival)?.minimum_stay ?? null;
  return minimum !== null && departure < addDays(arrival, minimum) ? minimum : undefined;
};

/** Finds the restrictions that a stay breaks. */
export function restrictionsOn(rates: DayRates, stay: RequestedStay): Restriction[] {
  const isClosed = rates.on(stay.roomTypeId, stay.arrival)?.closed_to_arrival === true;
  return restrictions.filter((one) => (one === "minimum_stay" ? minimumOf(rates, stay) !== undefined : isClosed));
}

const orOverride = "A manager can override this with `override_restrictions`.";

/**
 * Checks the restrictions of a stay's arrival day.
 * @param override notes broken restrictions instead of refusing them
 * @throws Problem CLOSED_TO_ARRIVAL, MINIMUM_STAY
 */
export function requireArrival(rates: DayRates, stay: RequestedStay, override?: Override): void {
  const { roomTypeId, arrival } = stay;
  if (rates.on(roomTypeId, arrival)?.closed_to_arrival === true) {
    if (override === undefined) {
      throw pmsProblems.CLOSED_TO_ARRIVAL(`${arrival} is closed to arrival for this room type. ${orOverride}`, {
        members: { date: arrival },
      });
    }
    override.note("closed_to_arrival");
  }
  requireMinimumStay(rates, stay, override);
}

/** Checks the minimum stay alone, as for a stay that becomes shorter. @throws Problem MINIMUM_STAY */
export function requireMinimumStay(rates: DayRates, stay: RequestedStay, override?: Override): void {
  const minimum = minimumOf(rates, stay);
  if (minimum === undefined) return;
  if (override === undefined) {
    throw pmsProblems.MINIMUM_STAY(
      `A stay that begins on ${stay.arrival} must have at least ${minimum} nights. ${orOverride}`,
      { members: { date: stay.arrival, minimum_stay: minimum } },
    );
  }
  override.note("minimum_stay");
}
