/**
 * Passes agreed prices on to the nights that an amendment puts in the place of others.
 *
 * A guest who comes a week later pays the agreed price, not the rate: each agreed night that leaves the bill passes its price
 * to a night that is added, first to first. What the added night costs by the rate is its rack rate from then on. A night that
 * comes back at a price of its own keeps that one. Nights that only leave or are only added pass nothing.
 */
import { isAgreed, rackOf } from "../../rates/agreed_price.ts";
import type { Night } from "./nights.ts";

export interface Carried {
  /** The added nights, by date, as they cost now. */
  readonly added: readonly Night[];
  /** The nights whose price another one has now. */
  readonly from: ReadonlySet<Night>;
}

/** @param leaving the nights that leave the bill. @param added those that come to it. Both by date */
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
