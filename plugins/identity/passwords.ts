/** The rules for a password. */
import { dictionary } from "@zxcvbn-ts/language-common";
import * as z from "zod";

import { identityProblems } from "./errors.ts";
import { hashSlowly } from "./hashing.ts";

const wellKnown = new Set(dictionary["passwords-common"]);

/** A password on its way in. Not trimmed: a space may be part of it. */
export const passwordSchema = z
  .string()
  .min(12)
  .max(256)
  .meta({ format: "password", examples: ["correct-horse-battery"] });

/**
 * @param pointer to the field that the password came in
 * @throws Problem PASSWORD_TOO_WEAK for a well-known password, one that repeats a character or two, or one with the username in it
 */
export async function hashPassword(password: string, username: string, pointer = "/password"): Promise<string> {
  const folded = password.toLowerCase();
  const why = wellKnown.has(folded)
    ? "is a well-known one"
    : new Set(folded).size < 4
      ? "has fewer than four different characters"
      : folded.includes(username.toLowerCase())
        ? "holds the username"
        : undefined;
  if (why !== undefined) {
    throw identityProblems.PASSWORD_TOO_WEAK(`The password ${why}.`, {
      errors: [{ in: "body", pointer, detail: why }],
    });
  }
  return hashSlowly(password);
}
