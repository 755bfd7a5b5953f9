import * as z from "zod";

/**
 * A whole number in a query, written in decimal digits. JavaScript's own conversion would take `0x10`, `1e2` and ` 5 `
 * too.
 * @param most at most 15 digits
 */
export function queryNumber(least: number, most: number) {
  return z.preprocess(
    (text) => (typeof text === "string" && /^\d{1,15}$/.test(text) ? Number(text) : text),
    z.int("must be a whole number in decimal digits").min(least).max(most),
  );
}
