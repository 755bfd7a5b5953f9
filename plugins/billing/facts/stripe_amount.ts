/**
 * Amounts in the smallest units of a currency. The number of decimals is by Stripe's own list,
 * docs.stripe.com/currencies.
 */
const withoutDecimals = new Set(
  // ISK and UGX are charged as if they had two decimals.
  "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split(" "),
);
const withThree = new Set("BHD JOD KWD OMR TND".split(" "));

/**
 * Converts an amount to a decimal string.
 * @param units integer number of the currency's smallest unit, as Stripe sends it
 * @param currency ISO 4217 code in capitals
 */
export function amountOf(units: number, currency: string): string {
  const decimals = withoutDecimals.has(currency) ? 0 : withThree.has(currency) ? 3 : 2;
  if (decimals === 0) return String(units);
  const digits = String(units).padStart(decimals + 1, "0");
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
