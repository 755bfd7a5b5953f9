import * as z from "zod";

/** A letter, digit, punctuation mark or symbol that readers see. U+2800 is the Braille pattern without a dot. */
const visible = /(?!\p{Default_Ignorable_Code_Point}|\u2800)[\p{L}\p{N}\p{P}\p{S}]/u;
const control = /[\p{Cc}\u2028\u2029]/u;
/** Control characters, but for a tab and the ends of lines. */
const controlInLines = /(?![\t\n\r])\p{Cc}/u;
/** Marks that turn the direction of a whole passage, so that a text reads as another one. Plain Arabic and Hebrew need none. */
const turning = /[\u202a-\u202e\u2066-\u2069]/;

export interface TextRules {
  /** Whether the text may have several lines, and tabs in them. Default: one line. */
  readonly lines?: boolean;
}

/**
 * Text that a person typed: trimmed, in Unicode's composed form (NFC), with something to be seen in it. It has no control
 * characters, which no screen shows, no marks that turn its direction, and nothing that UTF-8 can't hold (half a surrogate
 * pair). Invisible characters that words and emoji need (joiners, variation selectors) stay.
 *
 * For what is asked, not for what is answered: rows that were stored before a rule must stay readable.
 * @param most UTF-16 code units at most, after trimming
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
    .refine((text) => text.isWellFormed(), "holds a character that can't be stored")
    .refine((text) => !(lines ? controlInLines : control).test(text), "has a control character in it")
    .refine((text) => !turning.test(text), "has a mark in it that turns the direction of the text")
    .refine((text) => visible.test(text), "has no character that can be seen");
}

/**
 * A short label that people read aloud and compare, such as the number on a door: as `textSchema`, without any invisible
 * character, and in the compatible form (NFKC), so that a full-width digit is the digit.
 * @param most UTF-16 code units at most, after trimming
 */
export function labelSchema(most: number) {
  return normalizedSchema(most, "NFKC", false).refine(
    (text) => !/\p{Default_Ignorable_Code_Point}/u.test(text),
    "has a character in it that can't be seen",
  );
}

/** What a terminal could obey instead of showing it: control characters, and marks that turn the direction of text. */
const obeyed = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** Text of others for one field of a line on a terminal. Such characters are written as escapes: `\u001b`. */
export const printable = (text: string): string => text.replaceAll(obeyed, escaped);

/** The same for a whole output: its line feeds and tabs stay. */
export const printableLines = (text: string): string =>
  text.replaceAll(obeyed, (character) => (character === "\n" || character === "\t" ? character : escaped(character)));
