import { normalizeAmount } from "../../../core/mod.ts";
import { fieldFault } from "../errors.ts";

/**
 * Formats a rate with exactly the currency's decimals, as it is stored.
 * @throws Problem VALIDATION_FAILED for more decimals than the currency has
 */
export function rateIn(currency: string, rate: string): string {
  const normal = normalizeAmount(rate, currency);
  if (normal === undefined) throw fieldFault("body", "/rate", `has more decimals than ${currency}`);
  return normal;
}
