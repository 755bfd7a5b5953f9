import * as z from "zod";

/**
 * Text that a person typed: trimmed, and free of what PostgreSQL's text (NUL) or UTF-8 (half a surrogate pair) can't hold.
 * @param most characters at most
 * @param least characters at least, after trimming; default 1
 */
export function textSchema(most: number, least = 1) {
  return z
    .string()
    .trim()
    .min(least)
    .max(most)
    .refine((text) => !text.includes("\0") && text.isWellFormed(), "holds a character that can't be stored");
}
