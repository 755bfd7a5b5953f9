import { Big } from "big.js";
import currencies from "currency-codes";
import * as z from "zod";

/**
 * Money is a decimal string in one currency, with as many decimals as ISO 4217 gives it. It has this form from the JSON
 * to the numeric column and back, and is never a JavaScript number.
 */

/** Decimals of currencies in ISO 4217 that the newest release of our library (2.2.0 of 2024) does not list. */
const newer: ReadonlyMap<string, number> = new Map([["XCG", 2]]);

/** The decimals of a currency: 2 for EUR, 0 for JPY, 3 for KWD. */
export function currencyDecimals(currency: string): number {
  const decimals = newer.get(currency) ?? currencies.code(currency)?.digits;
  if (decimals === undefined) throw new RangeError(`${currency} must be an ISO 4217 currency.`);
  return decimals;
}

const notHeldMessage = "is not an ISO 4217 currency that prices are held in";
const threeCapitals = z
  .string()
  .regex(/^[A-Z]{3}$/, { error: "is not a three-letter ISO 4217 code in capitals", abort: true });

/**
 * An ISO 4217 code of a present or past currency. A stored code stays readable after the currency is withdrawn.
 */
export const currencySchema = threeCapitals.refine(isHeld, notHeldMessage).meta({ examples: ["EUR"] });

/** Currencies that ISO 4217 has withdrawn since our library was released. */
const withdrawn: ReadonlySet<string> = new Set(["ANG", "BGN", "CUC"]);

/** ISO 4217 codes for funds, units of account and complementary money, in which no bill is paid. */
const funds: ReadonlySet<string> = new Set(["BOV", "CHE", "CHW", "COU", "MXV", "USN", "UYI"]);

/**
 * Node's own list (CLDR) also has past currencies such as DEM and HRK. CNH is a market name of CNY and not in ISO 4217.
 */
const names = new Intl.DisplayNames("en", { type: "currency", fallback: "none" });

function isWithdrawn(code: string): boolean {
  return withdrawn.has(code) || (!isListed(code) && code !== "CNH" && names.of(code) !== undefined);
}

/** An ISO 4217 code that can be chosen today, of a currency in which bills are paid. */
export const currentCurrencySchema = threeCapitals
  .refine((code) => !isWithdrawn(code), { error: "is a currency that has been withdrawn", abort: true })
  .refine((code) => isHeld(code) && !funds.has(code), notHeldMessage)
  .meta({ examples: ["EUR"] });

/** ISO 4217 also lists metals, units of account, test codes, and codes with more decimals than an amount has. */
const notHeld = /^(X(AU|AG|PT|PD|BA|BB|BC|BD|DR|SU|UA|TS|XX)|CLF|UYW)$/;

function isHeld(code: string): boolean {
  return isListed(code) && !notHeld.test(code);
}

function isListed(code: string): boolean {
  return newer.has(code) || currencies.code(code) !== undefined;
}

/** An amount from 0 to below ten billion, with at most three decimals. */
export const amountSchema = z
  .string()
  .regex(/^\d{1,10}(\.\d{1,3})?$/, 'is not an amount as a decimal string such as "120.00"')
  .meta({ examples: ["120.00"] });

/** A sum of amounts in an answer. It has no upper bound, because there can be any number of amounts. */
export const sumSchema = z
  .string()
  .regex(/^\d+(\.\d{1,3})?$/, "is not a sum as a decimal string")
  .meta({ examples: ["1240.00"] });

/** Returns the amount with exactly the currency's decimals, or undefined if it has more than the currency. */
export function normalizeAmount(amount: string, currency: string): string | undefined {
  const value = new Big(amount);
  const rounded = value.round(currencyDecimals(currency), Big.roundDown);
  return rounded.eq(value) ? formatAmount(amount, currency) : undefined;
}

/** Writes a numeric from the database with exactly the currency's decimals. */
export function formatAmount(amount: string, currency: string): string {
  return new Big(amount).toFixed(currencyDecimals(currency), Big.roundHalfUp);
}

/** Returns the exact sum of amounts, with the currency's decimals. */
export function sumAmounts(amounts: readonly string[], currency: string): string {
  return formatAmount(amounts.reduce((sum, amount) => sum.plus(amount), new Big(0)).toString(), currency);
}

/** Divides an amount, rounded half up to the currency's decimals. Returns undefined if `by` is 0. */
export function divideAmount(amount: string, by: number, currency: string): string | undefined {
  return by > 0 ? new Big(amount).div(by).toFixed(currencyDecimals(currency), Big.roundHalfUp) : undefined;
}

/**
 * Splits an amount in proportion to some weights, by the largest remainder. Each share is rounded down to the
 * currency's smallest unit. The remaining units go to the shares that lost most, and the first of equal shares comes
 * first. The parts sum exactly to the amount. If all weights are zero, the shares are equal.
 * @param amount not negative, with the currency's decimals at most
 * @param weights amounts that are not negative
 * @throws RangeError if there is no share
 */
export function splitAmount(amount: string, weights: readonly string[], currency: string): string[] {
  if (weights.length === 0) throw new RangeError("An amount must be split over one share at least.");
  const unit = new Big(10).pow(currencyDecimals(currency));
  const whole = (value: string): bigint => BigInt(new Big(value).times(unit).toFixed(0, Big.roundHalfUp));
  const given = weights.map(whole);
  const isEven = given.every((weight) => weight === 0n);
  const shares = isEven ? given.map(() => 1n) : given;
  const sum = shares.reduce((total, share) => total + share, 0n);
  const minor = whole(amount);
  const parts = shares.map((share) => (minor * share) / sum);
  const left = Number(minor - parts.reduce((total, part) => total + part, 0n));
  const byRemainder = shares
    .map((share, index) => ({ index, remainder: (minor * share) % sum }))
    .sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1));
  const raised = new Set(byRemainder.slice(0, left).map(({ index }) => index));
  return parts.map((part, index) =>
    formatAmount(new Big(String(raised.has(index) ? part + 1n : part)).div(unit).toFixed(), currency),
  );
}

/** Says whether two amounts are equal, in any spelling. */
export function isSameAmount(one: string, other: string): boolean {
  return new Big(one).eq(other);
}

/** The exact difference of two amounts with the currency's decimals; undefined where it would be negative. */
export function subtractAmount(from: string, amount: string, currency: string): string | undefined {
  const left = new Big(from).minus(amount);
  return left.lt(0) ? undefined : formatAmount(left.toFixed(), currency);
}

/** Whether an amount differs from a base by no more than a percentage of the base, up or down. */
export function isWithinPercent(amount: string, base: string, percent: number): boolean {
  return new Big(amount).minus(base).abs().times(100).lte(new Big(base).times(percent));
}

/** A ratio with two decimals, rounded half up; undefined where it has no base. */
export function ratioOf(part: number, base: number): string | undefined {
  return base > 0 ? new Big(part).div(base).toFixed(2, Big.roundHalfUp) : undefined;
}
