/** Reads what a manager types for a price, and computes new prices without a JavaScript number. */

/** A change of a price: a new price, a difference, or a percentage. */
export type PriceChange =
  | { readonly kind: "price"; readonly amount: bigint }
  | { readonly kind: "difference"; readonly amount: bigint }
  /** In hundredths of a percent. */
  | { readonly kind: "percent"; readonly hundredths: bigint };

/** Reads `120`, `99.50`, `+5`, `-7.5` and `+10%`. A comma is a decimal point. Undefined if it is none of them. */
export function readPriceChange(text: string, decimals: number): PriceChange | undefined {
  const [, sign, whole, part = "", percent] = /^([+-]?)(\d{1,9})(?:[.,](\d{1,3}))?\s*(%?)$/.exec(text.trim()) ?? [];
  if (whole === undefined) return undefined;
  const isNegative = sign === "-";
  const signed = (value: bigint): bigint => (isNegative ? -value : value);
  if (percent === "%") {
    if (part.length > 2) return undefined;
    return { kind: "percent", hundredths: signed(BigInt(whole + part.padEnd(2, "0"))) };
  }
  if (part.length > decimals) return undefined;
  const amount = BigInt(whole + part.padEnd(decimals, "0"));
  return sign === "" ? { kind: "price", amount } : { kind: "difference", amount: signed(amount) };
}

/** Applies a change to a price, rounded half up. Undefined if the result is below zero. */
export function applyChange(price: string, change: PriceChange, decimals: number): string | undefined {
  const [whole = "0", part = ""] = price.split(".");
  const before = BigInt(whole + part.slice(0, decimals).padEnd(decimals, "0"));
  const after = resultOf(before, change);
  return after < 0n ? undefined : textOf(after, decimals);
}

function resultOf(before: bigint, change: PriceChange): bigint {
  if (change.kind === "price") return change.amount;
  if (change.kind === "difference") return before + change.amount;
  // Twice the product plus half of the divisor rounds half up. A percentage below -100 gives a result below zero.
  const product = before * (10_000n + change.hundredths);
  return product < 0n ? -1n : (product * 2n + 10_000n) / 20_000n;
}

function textOf(minor: bigint, decimals: number): string {
  const digits = String(minor).padStart(decimals + 1, "0");
  const at = digits.length - decimals;
  return decimals === 0 ? digits : `${digits.slice(0, at)}.${digits.slice(at)}`;
}
