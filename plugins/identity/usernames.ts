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

/** Alphabets whose letters look like each other's: a name is written in one of them. */
const alphabets = [
  /\p{Script=Latin}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Cherokee}/u,
];

/** 3 to 64 letters, digits, dots, dashes, underscores and at signs: an e-mail address is a username too. */
export const usernameSchema = z
  .string()
  .trim()
  .normalize("NFKC")
  .regex(/^[\p{L}\p{N}._@+-]{3,64}$/u, "is not 3 to 64 letters, digits or . _ @ + -")
  // A few letters are drawn as nothing.
  .refine((name) => !/\p{Default_Ignorable_Code_Point}/u.test(name), "has a character in it that can't be seen")
  .refine(
    (name) => alphabets.filter((alphabet) => alphabet.test(name)).length <= 1,
    "mixes alphabets whose letters look alike",
  )
  .meta({ examples: ["anna"] });
