/**
 * Passes agreed prices on to the nights that replace others in an amendment.
 *
 * A guest who comes a week later pays the agreed price, not the rate. Each agreed night that leaves the bill passes
 * its price to one added night, in the order of their dates. The rate of the added night becomes its rack rate. A
 * night that comes back at its own agreed price keeps that price. If nights only leave, or are only added, no price is
 * passed on.
 */
import { isAgreed, rackOf } from "../../rates/agreed_price.ts";
import type { Night } from "./nights.ts";

export interface Carried {
  /** The added nights with their prices, ordered by date. */
  readonly added: readonly Night[];
  /** The nights that passed their price on. */
  readonly from: ReadonlySet<Night>;
}

/**
 * @param leaving the nights that leave the bill, ordered by date
 * @param added the nights that are added to the bill, ordered by date
 */
export function carryPrices(leaving: readonly Night[], added: readonly Night[]): Carried {
  const agreed = leaving.filter(isAgreed);
  const from = new Set<Night>();
  const nights = added.map((night) => {
    const next = isAgreed(night) ? undefined : agreed[from.size];
    if (next === undefined) return night;
    from.add(next);
    return { ...night, rate: next.rate, rack_rate: rackOf(night) };
  });
  return { added: nights, from };
}
