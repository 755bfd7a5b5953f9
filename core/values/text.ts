import * as z from "zod";

/** A letter, digit, punctuation mark or symbol that readers see. U+2800 is the Braille pattern without a dot. */
const visible = /(?!\p{Default_Ignorable_Code_Point}|\u2800)[\p{L}\p{N}\p{P}\p{S}]/u;
const control = /[\p{Cc}\u2028\u2029]/u;
/** Control characters except for tabs and line ends. */
const controlInLines = /(?![\t\n\r])\p{Cc}/u;
/** Marks that turn the direction of a passage, so that it reads as another text. Plain Arabic and Hebrew need none. */
const turning = /[\u202a-\u202e\u2066-\u2069]/;

export interface TextRules {
  /** Whether the text can have several lines, and tabs. Default: one line. */
  readonly lines?: boolean;
}

/**
 * The schema of a text that a person typed. The text is trimmed, in Unicode's composed form (NFC), with a visible
 * character. It must not contain:
 *
 * - control characters, which no screen shows;
 * - marks that turn its direction;
 * - half a surrogate pair, which UTF-8 can't encode.
 *
 * Invisible characters that words and emoji need (joiners, variation selectors) stay. Use the schema for requests only,
 * because rows that were stored before a rule must stay readable in answers.
 * @param most the largest number of UTF-16 code units, after trimming
 */
export function textSchema(most: number, { lines = false }: TextRules = {}) {
  return normalizedSchema(most, "NFC", lines);
}

function normalizedSchema(most: number, form: "NFC" | "NFKC", lines: boolean) {
  return z
    .string()
    .trim()
    .normalize(form)
    .min(1)
    .max(most)
    .refine((text) => text.isWellFormed(), "contains a character that can't be stored")
    .refine((text) => !(lines ? controlInLines : control).test(text), "contains a control character")
    .refine((text) => !turning.test(text), "contains a mark that turns the direction of the text")
    .refine((text) => visible.test(text), "has no character that can be seen");
}

/**
 * The schema of a short label that people read aloud and compare, such as the number on a door. As `textSchema`, but
 * without invisible characters and in the compatible form (NFKC). In that form a full-width digit is the digit.
 * @param most the largest number of UTF-16 code units, after trimming
 */
export function labelSchema(most: number) {
  return normalizedSchema(most, "NFKC", false).refine(
    (text) => !/\p{Default_Ignorable_Code_Point}/u.test(text),
    "contains an invisible character",
  );
}

/** Characters that a terminal could execute: control characters, and marks that turn the direction of text. */
const obeyed = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** Prepares foreign text for one field of a line on a terminal. Writes such characters as escapes: `\u001b`. */
export const printable = (text: string): string => text.replaceAll(obeyed, escaped);

/** The same for a whole output: its line feeds and tabs stay. */
export const printableLines = (text: string): string =>
  text.replaceAll(obeyed, (character) => (character === "\n" || character === "\t" ? character : escaped(character)));
