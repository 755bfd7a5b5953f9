/** Passwords: argon2id as OWASP advises (19 MiB, 2 passes, 1 lane), always off the event loop. */
import { hash, verify } from "@node-rs/argon2";
import { dictionary } from "@zxcvbn-ts/language-common";
import * as z from "zod";

import { identityProblems } from "./errors.ts";

const parameters = { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 };
const wellKnown = new Set(dictionary["passwords-common"]);

/** A password on its way in. Not trimmed: a space may be part of it. */
export const passwordSchema = z
  .string()
  .min(12)
  .max(256)
  .meta({ format: "password", examples: ["correct-horse-battery"] });

/** @throws Problem PASSWORD_TOO_WEAK for a well-known password, one that repeats a character or two, or one with the username in it */
export async function hashPassword(password: string, username: string): Promise<string> {
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
      errors: [{ in: "body", pointer: "/password", detail: why }],
    });
  }
  return hash(password, parameters);
}

let decoy: Promise<string> | undefined;

/** True where the password is the one. An unknown user costs the same hash, so that the time tells nothing. */
export async function checkPassword(password: string, passwordHash: string | undefined): Promise<boolean> {
  decoy ??= hash("nobody has this password", parameters);
  const holds = await verify(passwordHash ?? (await decoy), password);
  return holds && passwordHash !== undefined;
}
