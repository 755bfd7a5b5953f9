/**
 * What keeps a stay from beginning on a day: the day is closed to arrival, or the stay is shorter than its minimum.
 *
 * A manager may override both, with a reason. What was overridden is noted, so that the history can name it.
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
    description:
      "For a manager: the stay is taken though its arrival day is closed to arrival or wants a longer stay (/rates).",
  });

/** @throws Problem FORBIDDEN for anybody but a manager */
export function requireManager(role: string | undefined): void {
  if (isManager(role)) return;
  throw problems.FORBIDDEN("Only a manager may override a minimum stay or a day that is closed to arrival.");
}

/** Restrictions that a manager overrides, and those that really were in the way. */
export class Override {
  readonly #reason: string;
  readonly #met = new Set<Restriction>();

  /** @throws Problem FORBIDDEN for anybody but a manager */
  constructor({ reason }: z.output<typeof overrideSchema>, role: string | undefined) {
    requireManager(role);
    this.#reason = reason;
  }

  note(restriction: Restriction): void {
    this.#met.add(restriction);
  }

  /** Of several bookings, the next one: nothing was in its way yet. */
  begin(): void {
    this.#met.clear();
  }

  /** The reason, by what was overridden. */
  get reasons(): Readonly<Partial<Record<Restriction, string>>> {
    return Object.fromEntries([...this.#met].map((restriction) => [restriction, this.#reason]));
  }
}

/** A stay in rooms of one type. */
interface Asked {
  readonly roomTypeId: string;
  readonly arrival: Day;
  readonly departure: Day;
}

const minimumOf = (rates: DayRates, { roomTypeId, arrival, departure }: Asked): number | undefined => {
  const minimum = rates.on(roomTypeId, arrival)?.minimum_stay ?? null;
  return minimum !== null && departure < addDays(arrival, minimum) ? minimum : undefined;
};

/** What keeps a stay from its arrival day. */
export function restrictionsOn(rates: DayRates, asked: Asked): Restriction[] {
  const isClosed = rates.on(asked.roomTypeId, asked.arrival)?.closed_to_arrival === true;
  return restrictions.filter((one) => (one === "minimum_stay" ? minimumOf(rates, asked) !== undefined : isClosed));
}

const orOverride = "A manager can take it with `override_restrictions`.";

/**
 * Whether a stay may begin on its arrival day.
 * @param override notes what is in the way, instead of a refusal
 * @throws Problem CLOSED_TO_ARRIVAL, MINIMUM_STAY
 */
export function requireArrival(rates: DayRates, asked: Asked, override?: Override): void {
  const { roomTypeId, arrival } = asked;
  if (rates.on(roomTypeId, arrival)?.closed_to_arrival === true) {
    if (override === undefined) {
      throw pmsProblems.CLOSED_TO_ARRIVAL(`No stay in this room type begins on ${arrival}. ${orOverride}`, {
        members: { date: arrival },
      });
    }
    override.note("closed_to_arrival");
  }
  requireMinimumStay(rates, asked, override);
}

/** The part of it that a stay must meet too when it gets shorter. @throws Problem MINIMUM_STAY */
export function requireMinimumStay(rates: DayRates, asked: Asked, override?: Override): void {
  const minimum = minimumOf(rates, asked);
  if (minimum === undefined) return;
  if (override === undefined) {
    throw pmsProblems.MINIMUM_STAY(
      `A stay that begins on ${asked.arrival} has ${minimum} nights at least. ${orOverride}`,
      { members: { date: asked.arrival, minimum_stay: minimum } },
    );
  }
  override.note("minimum_stay");
}
