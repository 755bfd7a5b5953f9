import { normaliseAmount, problems } from "../../core/mod.ts";

/**
 * A rate as it is stored: with exactly the currency's decimals.
 * @throws Problem VALIDATION_FAILED where it has more of them than the currency
 */
export function rateIn(currency: string, rate: string): string {
  const normal = normaliseAmount(rate, currency);
  if (normal !== undefined) return normal;
  const detail = `has more decimals than ${currency}`;
  throw problems.VALIDATION_FAILED(`/rate ${detail}`, { errors: [{ in: "body", pointer: "/rate", detail }] });
}
