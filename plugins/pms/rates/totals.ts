/** Sums the prices of nights. */
import { sumAmounts } from "../../../core/mod.ts";
import type { PricedNight } from "./agreed_price.ts";

/** The sums of nights, as columns of a booking. */
export interface Totals {
  readonly total_amount: string;
  /** The sum at the rates, without agreed prices. Null if no price is agreed. */
  readonly rack_amount: string | null;
}

type Price = Pick<PricedNight, "rate" | "rack_rate">;

/** Returns the exact sums of nights. */
export function totalsOf(nights: readonly Price[], currency: string): Totals {
  const sum = (amount: (night: Price) => string): string => sumAmounts(nights.map(amount), currency);
  const isAgreed = nights.some(({ rack_rate }) => rack_rate !== null);
  return {
    total_amount: sum(({ rate }) => rate),
    rack_amount: isAgreed ? sum(({ rate, rack_rate }) => rack_rate ?? rate) : null,
  };
}

/** Returns the sums after nights were added. */
export function addToTotals(
  { total_amount: total, rack_amount: rack }: Totals,
  added: readonly Price[],
  currency: string,
): Totals {
  return totalsOf([{ rate: total, rack_rate: rack }, ...added], currency);
}
