/** Checks usernames, and folds them for a comparison. */
import * as z from "zod";

/**
 * Folds a text for a comparison. NFKC makes a full-width letter the plain letter. Capitals come first, because `ß` and
 * `ss` have the same ones. The two small sigmas become one. PostgreSQL's `lower` depends on the server's locale, so
 * names are folded only here.
 */
export function fold(text: string): string {
  return text.normalize("NFKC").toUpperCase().toLowerCase().replaceAll("ς", "σ").normalize("NFKC");
}

/** Returns the value of `users.folded_username`. Two usernames with the same value are equal. */
export function foldUsername(username: string): string {
  return fold(username.trim());
}

/** Scripts in everyday use (Table 5 of UAX 31). Others, such as Lisu and Coptic, have many letters that look Latin. */
const recommendedScripts = (
  "Arabic Armenian Bengali Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Hebrew Kannada Khmer Lao " +
  "Latin Malayalam Myanmar Oriya Sinhala Tamil Telugu Thaana Thai Tibetan"
).split(" ");
/** Scripts that are written together. */
const mixedScripts = [
  ["Latin", "Han", "Hiragana", "Katakana"],
  ["Latin", "Han", "Bopomofo"],
  ["Latin", "Han", "Hangul"],
];

/** Matches names that UTS 39 calls "Highly Restrictive": of one script, or of scripts that are written together. */
const readableNames = [...recommendedScripts.map((script) => [script]), ...mixedScripts].map((scripts) => {
  const members = [...scripts, "Common", "Inherited"].map((script) => `\\p{Script_Extensions=${script}}`);
  return new RegExp(`^[${members.join("")}]*$`, "u");
});

/** 3 to 64 letters, digits, dots, dashes, underscores and at signs: an e-mail address is a username too. */
export const usernameSchema = z
  .string()
  .trim()
  .normalize("NFKC")
  .regex(/^[\p{L}\p{N}._@+-]{3,64}$/u, "must be 3 to 64 letters, digits or . _ @ + -")
  // Some letters are invisible.
  .refine((name) => !/\p{Default_Ignorable_Code_Point}/u.test(name), "must not contain an invisible character")
  .refine(
    (name) => readableNames.some((readable) => readable.test(name)),
    "must be in one script in everyday use, or in scripts that are written together",
  )
  .meta({ examples: ["anna"] });
