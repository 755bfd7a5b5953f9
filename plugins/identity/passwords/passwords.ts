/** Checks a new password's form and strength, and hashes it. */
import * as z from "zod";

import { identityProblems } from "../errors.ts";
import { type HashTurn, hashSlowly } from "./hashing.ts";
import { leastCharacters, type Owner, weaknessOf } from "./rules.ts";

/**
 * Does not trim, because a space can be part of a password. Normalizes to NFC: keyboards send `é` as one character or
 * two. Refuses half a surrogate pair, because the hash can't distinguish them.
 */
export const passwordSchema = z
  .string()
  .normalize("NFC")
  .min(leastCharacters)
  .max(256)
  .refine((password) => password.isWellFormed(), "has a character that can't be stored")
  // JavaScript counts some characters twice.
  .refine((password) => Array.from(password).length >= leastCharacters, `is shorter than ${leastCharacters} characters`)
  .meta({ format: "password", examples: ["correct-horse-battery"] });

export interface NewPassword extends Owner {
  readonly password: string;
  /** The pointer of the field. Default: `/password`. */
  readonly pointer?: string;
}

/** Refuses a password that is easy to guess. @throws Problem PASSWORD_TOO_WEAK */
export function requireStrength({ password, pointer = "/password", ...owner }: NewPassword): void {
  const why = weaknessOf(password, owner);
  if (why !== undefined) {
    throw identityProblems.PASSWORD_TOO_WEAK(`The password ${why}.`, {
      errors: [{ in: "body", pointer, detail: why }],
    });
  }
}

/** Checks the strength and hashes. @throws Problem PASSWORD_TOO_WEAK, RATE_LIMITED, SERVICE_UNAVAILABLE */
export async function hashPassword(next: NewPassword, turn: HashTurn): Promise<string> {
  requireStrength(next);
  return hashSlowly(next.password, turn);
}
