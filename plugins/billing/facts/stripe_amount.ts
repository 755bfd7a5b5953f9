/** Stripe counts money in a currency's smallest unit, by a list of its own (docs.stripe.com/currencies). */
const withoutDecimals = new Set(
  "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split(" "), // ISK and UGX are charged as if they had two
);
const withThree = new Set("BHD JOD KWD OMR TND".split(" "));

/**
 * An amount as a decimal string.
 * @param units of the currency's smallest kind: an integer, as Stripe sends it
 * @param currency in capitals
 */
export function amountOf(units: number, currency: string): string {
  const decimals = withoutDecimals.has(currency) ? 0 : withThree.has(currency) ? 3 : 2;
  if (decimals === 0) return String(units);
  const digits = String(units).padStart(decimals + 1, "0");
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
