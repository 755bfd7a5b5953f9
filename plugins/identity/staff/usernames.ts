/** Usernames: what one may be, and when two are the same. */
import * as z from "zod";

/**
 * Text as it is compared: NFKC, so that a full-width letter is the letter, and of one case. By way of the capitals, where `ß`
 * and `ss` meet; and with one small sigma, which otherwise depends on what follows it. PostgreSQL's `lower` depends on the
 * server's locale, so this is the one place where names are folded.
 */
export function fold(text: string): string {
  return text.normalize("NFKC").toUpperCase().toLowerCase().replaceAll("ς", "σ").normalize("NFKC");
}

/** What `users.folded_username` has for a username: two that fold to the same are one. */
export function foldUsername(username: string): string {
  return fold(username.trim());
}

/** Scripts in everyday use: Table 5 of UAX 31. The others, such as Lisu and Coptic, have whole sets of letters that look Latin. */
const recommendedScripts = (
  "Arabic Armenian Bengali Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Hebrew Kannada Khmer Lao Latin " +
  "Malayalam Myanmar Oriya Sinhala Tamil Telugu Thaana Thai Tibetan"
).split(" ");
/** Scripts that are written together. */
const mixedScripts = [
  ["Latin", "Han", "Hiragana", "Katakana"],
  ["Latin", "Han", "Bopomofo"],
  ["Latin", "Han", "Hangul"],
];

/** Names that UTS 39 calls "Highly Restrictive": of one script, or of scripts that are written together. */
const readableNames = [...recommendedScripts.map((script) => [script]), ...mixedScripts].map((scripts) => {
  const members = [...scripts, "Common", "Inherited"].map((script) => `\\p{Script_Extensions=${script}}`);
  return new RegExp(`^[${members.join("")}]*$`, "u");
});

/** 3 to 64 letters, digits, dots, dashes, underscores and at signs: an e-mail address is a username too. */
export const usernameSchema = z
  .string()
  .trim()
  .normalize("NFKC")
  .regex(/^[\p{L}\p{N}._@+-]{3,64}$/u, "is not 3 to 64 letters, digits or . _ @ + -")
  // A few letters are drawn as nothing.
  .refine((name) => !/\p{Default_Ignorable_Code_Point}/u.test(name), "has a character in it that can't be seen")
  .refine(
    (name) => readableNames.some((readable) => readable.test(name)),
    "mixes scripts, or is in one that is not in everyday use",
  )
  .meta({ examples: ["anna"] });
