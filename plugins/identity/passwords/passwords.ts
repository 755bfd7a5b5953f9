/** A password on its way in: its shape, the rules that it must keep, and its hash. */
import * as z from "zod";

import { identityProblems } from "../errors.ts";
import { type HashTurn, hashSlowly } from "./hashing.ts";
import { leastCharacters, type Owner, weaknessOf } from "./rules.ts";

/**
 * Not trimmed: a space may be part of it. In NFC, for one keyboard sends `é` as one character and the other as two; and no
 * half of a surrogate pair, for all of them would be the same to the hash.
 */
export const passwordSchema = z
  .string()
  .normalize("NFC")
  .min(leastCharacters)
  .max(256)
  .refine((password) => password.isWellFormed(), "holds a character that can't be stored")
  // JavaScript counts some characters twice.
  .refine((password) => Array.from(password).length >= leastCharacters, `is shorter than ${leastCharacters} characters`)
  .meta({ format: "password", examples: ["correct-horse-battery"] });

export interface NewPassword extends Owner {
  readonly password: string;
  /** The field that it came in; default `/password`. */
  readonly pointer?: string;
}

/** @throws Problem PASSWORD_TOO_WEAK */
export function requireStrength({ password, pointer = "/password", ...owner }: NewPassword): void {
  const why = weaknessOf(password, owner);
  if (why !== undefined) {
    throw identityProblems.PASSWORD_TOO_WEAK(`The password ${why}.`, {
      errors: [{ in: "body", pointer, detail: why }],
    });
  }
}

/** @throws Problem PASSWORD_TOO_WEAK, and what `hashSlowly` throws */
export async function hashPassword(wanted: NewPassword, turn: HashTurn): Promise<string> {
  requireStrength(wanted);
  return hashSlowly(wanted.password, turn);
}
