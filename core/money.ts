import { Big } from "big.js";
import currencies from "currency-codes";
import * as z from "zod";

/**
 * Money is a decimal string in one currency, with as many decimals as ISO 4217 gives it, from the JSON to the numeric
 * column and back. It is never a JavaScript number on its way.
 */

/** The decimals of a currency: 2 for EUR, 0 for JPY, 3 for KWD. */
export function currencyDecimals(currency: string): number {
  const record = currencies.code(currency);
  if (record === undefined) throw new RangeError(`${currency} is no ISO 4217 currency.`);
  return record.digits;
}

/** An ISO 4217 code of a currency that money can be held in. */
export const currencySchema = z
  .string()
  .regex(/^[A-Z]{3}$/, "is not a three-letter ISO 4217 code in capitals")
  .refine(isHeld, "is not an ISO 4217 currency that prices are held in")
  .meta({ examples: ["EUR"] });

/** ISO 4217 also lists metals, units of account and codes for tests; and some with more decimals than an amount has. */
const notHeld = /^(X(AU|AG|PT|PD|BA|BB|BC|BD|DR|SU|UA|TS|XX)|CLF|UYW)$/;

function isHeld(code: string): boolean {
  return currencies.code(code) !== undefined && !notHeld.test(code);
}

/** An amount that is not negative, below ten thousand million, with at most three decimals. */
export const amountSchema = z
  .string()
  .regex(/^\d{1,10}(\.\d{1,3})?$/, 'is not an amount as a decimal string such as "120.00"')
  .meta({ examples: ["120.00"] });

/** A sum of amounts on its way out: of as many as there are, so it has no bound. */
export const sumSchema = z
  .string()
  .regex(/^\d+(\.\d{1,3})?$/, "is not a sum as a decimal string")
  .meta({ examples: ["1240.00"] });

/** The amount with exactly the currency's decimals, or undefined where it has more of them than the currency. */
export function normaliseAmount(amount: string, currency: string): string | undefined {
  const value = new Big(amount);
  const rounded = value.round(currencyDecimals(currency), Big.roundDown);
  return rounded.eq(value) ? formatAmount(amount, currency) : undefined;
}

/** Writes a numeric from the database with exactly the currency's decimals. */
export function formatAmount(amount: string, currency: string): string {
  return new Big(amount).toFixed(currencyDecimals(currency), Big.roundHalfUp);
}

/** The exact sum of amounts, with the currency's decimals. */
export function sumAmounts(amounts: readonly string[], currency: string): string {
  return formatAmount(amounts.reduce((sum, amount) => sum.plus(amount), new Big(0)).toString(), currency);
}

/** An amount shared out evenly, rounded half up to the currency's decimals; undefined where there is nobody to share it. */
export function divideAmount(amount: string, by: number, currency: string): string | undefined {
  return by > 0 ? new Big(amount).div(by).toFixed(currencyDecimals(currency), Big.roundHalfUp) : undefined;
}

/** A ratio with two decimals, rounded half up; undefined where it has no base. */
export function ratioOf(part: number, base: number): string | undefined {
  return base > 0 ? new Big(part).div(base).toFixed(2, Big.roundHalfUp) : undefined;
}
