/** Quotes stays at an agreed price before the booking. */
import type { Day, Trx } from "../../../core/mod.ts";
import { readPolicies } from "../policies/policies.ts";
import { fieldFault } from "../errors.ts";
import { agreeOn, atRate, isWithinPolicy, type PricedNight } from "./agreed_price.ts";
import { totalsOf } from "./totals.ts";

export interface AgreedQuote {
  readonly nights: PricedNight[];
  readonly total_amount: string;
  readonly rack_amount: string | null;
  /** Whether the price is beyond the policy's limit for receptionists. */
  readonly needs_manager: boolean;
}

/** The price in a query. At most one of its members has a value. */
interface QueriedPrice {
  readonly per_night: string | undefined;
  readonly total: string | undefined;
}

/**
 * Makes a function that quotes nights at their rates, or at an agreed price.
 * @throws Problem VALIDATION_FAILED for both prices at once. The returned function throws it for too many decimals
 */
export async function agreedQuotes(
  trx: Trx,
  hotelId: string,
  price: QueriedPrice,
  { currency, today }: { readonly currency: string; readonly today: Day },
): Promise<(nights: readonly { readonly date: Day; readonly rate: string }[]) => AgreedQuote> {
  const fault = (field: string, detail: string) => fieldFault("query", `/agreed_${field}`, detail);
  if (price.per_night !== undefined && price.total !== undefined) {
    throw fault("total", "must not be combined with agreed_per_night");
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
