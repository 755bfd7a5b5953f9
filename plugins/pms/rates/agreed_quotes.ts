/** Quotes of stays at a price that is about to be agreed: what a booking with that price would cost. */
import type { Day, Trx } from "../../../core/mod.ts";
import { readPolicies } from "../policies/policies.ts";
import { fieldFault } from "../errors.ts";
import { agreeOn, atRate, isWithinPolicy, type PricedNight } from "./agreed_price.ts";
import { totalsOf } from "../bookings/nights/nights.ts";

export interface AgreedQuote {
  readonly nights: PricedNight[];
  readonly total_amount: string;
  readonly rack_amount: string | null;
  /** The price is beyond what the policy lets a receptionist agree. */
  readonly needs_manager: boolean;
}

/** As a query names it; at most one of both. */
interface AskedPrice {
  readonly per_night: string | undefined;
  readonly total: string | undefined;
}

/**
 * Gives the function that quotes nights at their rates, or at an agreed price.
 * @throws Problem VALIDATION_FAILED where both prices are named, and in a quote, where the currency can't have the amount
 */
export async function agreedQuotes(
  trx: Trx,
  hotelId: string,
  price: AskedPrice,
  { currency, today }: { readonly currency: string; readonly today: Day },
): Promise<(nights: readonly { readonly date: Day; readonly rate: string }[]) => AgreedQuote> {
  const fault = (field: string, detail: string) => fieldFault("query", `/agreed_${field}`, detail);
  if (price.per_night !== undefined && price.total !== undefined) {
    throw fault("total", "can't be asked for together with agreed_per_night");
  }
  if (price.per_night === undefined && price.total === undefined) {
    return (rates) => {
      const nights = rates.map(atRate);
      return { nights, ...totalsOf(nights, currency), needs_manager: false };
    };
  }
  const { receptionist_discount_percent: percent } = await readPolicies(trx, hotelId);
  return (rates) => {
    const nights = agreeOn(rates.map(atRate), { price, currency, today, percent: undefined, fault });
    return {
      nights,
      ...totalsOf(nights, currency),
      needs_manager: !isWithinPolicy(nights, percent, { price, currency }),
    };
  };
}
