import { normalizeAmount } from "../../../core/mod.ts";
import { fieldFault } from "../errors.ts";

/**
 * A rate as it is stored: with exactly the currency's decimals.
 * @throws Problem VALIDATION_FAILED where it has more of them than the currency
 */
export function rateIn(currency: string, rate: string): string {
  const normal = normalizeAmount(rate, currency);
  if (normal === undefined) throw fieldFault("body", "/rate", `has more decimals than ${currency}`);
  return normal;
}
