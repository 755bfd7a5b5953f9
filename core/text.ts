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

/**
 * What a terminal could take for a command: control characters but tab and line feed, and the marks that turn the direction of
 * text. Line feeds and tabs too where the text stands for one field of a line.
 */
const inText = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** Text of others for one field of a line on a terminal: what is no letter of it is written as `\u001b`. */
export const printable = (text: string): string => text.replaceAll(inText, escaped);

/** The same for a whole output, in which lines may end and columns be set. */
export const printableLines = (text: string): string =>
  text.replaceAll(inText, (character) => (character === "\n" || character === "\t" ? character : escaped(character)));
