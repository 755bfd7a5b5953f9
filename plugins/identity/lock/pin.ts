/**
 * PINs. A PIN opens a locked session, and is never a login. It is short, so five wrong ones in 15 minutes leave only
 * the password. PostgreSQL counts them for all processes.
 */
import * as z from "zod";

import { type Actor, type Count, prepare, type RequestFacts } from "../../../core/mod.ts";
import type { IdentityContext } from "../context.ts";
import { identityProblems } from "../errors.ts";
import type { LoginThrottle } from "../login/throttle.ts";
import { checkOwnPassword } from "../login/check_own_password.ts";
import { checkPassword, hashSlowly, turnOfHotel, turnOfLogin } from "../passwords/hashing.ts";
import type { PasswordLimit } from "../passwords/limit.ts";
import { roles } from "../port.ts";
import { lockAuthority, requireStillAuthorized } from "../rights/still_authorized.ts";

const mostWrong = 5;
const windowSeconds = 15 * 60;

export const pinSchema = z
  .string()
  .regex(/^\d{4,8}$/, "must have 4 to 8 digits")
  .meta({ examples: ["2580"] });

/** A PIN that can be set. Five guesses would find one digit repeated, or a run. */
export const newPinSchema = pinSchema.refine((pin) => !isObvious(pin), {
  message: "must not be one digit repeated or a run such as 1234",
});

function isObvious(pin: string): boolean {
  const steps = new Set(
    pin
      .split("")
      .slice(1)
      .map((digit, at) => Number(digit) - Number(pin[at])),
  );
  const [step] = steps;
  return steps.size === 1 && step !== undefined && Math.abs(step) <= 1;
}

const readStatement = prepare<{ pin_hash: string | null }>(
  "identity_read_pin",
  "SELECT pin_hash FROM identity.users WHERE hotel_id = $1 AND user_id = $2",
);
// Only for the password that was checked, so that a PIN does not outlive a password which a manager replaces meanwhile.
const setStatement = prepare<{ user_id: string }>(
  "identity_set_pin",
  `UPDATE identity.users SET pin_hash = $3
   WHERE hotel_id = $1 AND user_id = $2 AND password_hash = $4 RETURNING user_id`,
);
const removeStatement = prepare(
  "identity_remove_pin",
  "UPDATE identity.users SET pin_hash = NULL WHERE hotel_id = $1 AND user_id = $2",
);

export interface PinServices extends Pick<IdentityContext, "audit" | "counters" | "db"> {
  readonly throttle: LoginThrottle;
  readonly limit: PasswordLimit;
}

const wrongPins = ({ userId }: Actor): Count => ({ kind: "wrong-pins", key: userId, seconds: windowSeconds });

/** Starts the count of wrong PINs again, after a right password. */
export async function forgetWrongPins({ counters }: Pick<PinServices, "counters">, actor: Actor): Promise<void> {
  await counters.forget([wrongPins(actor)]);
}

/**
 * Checks the caller's PIN. It counts as wrong until it is known to be right, so concurrent guesses are worth no more.
 * @throws Problem INVALID_CREDENTIALS, PASSWORD_REQUIRED, RATE_LIMITED, SERVICE_UNAVAILABLE
 */
export async function checkPin(
  services: Pick<PinServices, "counters" | "db">,
  actor: Actor,
  { address }: Pick<RequestFacts, "address">,
  pin: string,
): Promise<void> {
  const { tenantId, userId } = actor;
  const [user] = await services.db.tenant(tenantId, (trx) => readStatement.run(trx, [tenantId, userId]), {
    readOnly: true,
  });
  if (user === undefined || user.pin_hash === null)
    throw identityProblems.PASSWORD_REQUIRED("You have no PIN. Unlock with your password.");
  const [count] = await services.counters.add([wrongPins(actor)]);
  const left = mostWrong - (count?.points ?? 0);
  if (left < 0) throw identityProblems.PASSWORD_REQUIRED("Too many PINs were wrong. Unlock with your password.");
  if (!(await checkPassword(pin, user.pin_hash, turnOfLogin(address, true))))
    throw identityProblems.INVALID_CREDENTIALS("The PIN is wrong.", { members: { attempts_left: left } });
  await forgetWrongPins(services, actor);
}

/**
 * Sets the caller's PIN.
 * @throws Problem UNAUTHENTICATED, INVALID_CREDENTIALS, RATE_LIMITED, SERVICE_UNAVAILABLE
 */
export async function setPin(
  services: PinServices,
  actor: Actor,
  request: RequestFacts,
  { password, pin }: { readonly password: string; readonly pin: string },
): Promise<void> {
  const { tenantId, userId } = actor;
  const user = await checkOwnPassword(services, actor, request, password);
  await services.limit.ofUser(userId);
  const pinHash = await hashSlowly(pin, turnOfHotel(tenantId));
  await services.db.tenant(tenantId, async (trx) => {
    await lockAuthority(trx, userId);
    const set = await setStatement.run(trx, [tenantId, userId, pinHash, user.password_hash]);
    if (set.length === 0) throw identityProblems.INVALID_CREDENTIALS("The password is wrong.");
    await requireStillAuthorized(trx, actor, roles);
    services.audit.record(trx, { kind: "pin_set", actor, request });
  });
  await forgetWrongPins(services, actor);
}

/** Removes the caller's PIN, so that only the password unlocks. @throws Problem UNAUTHENTICATED */
export async function removePin({ audit, db }: PinServices, actor: Actor, request: RequestFacts): Promise<void> {
  const { tenantId, userId } = actor;
  await db.tenant(tenantId, async (trx) => {
    await lockAuthority(trx, userId);
    await removeStatement.run(trx, [tenantId, userId]);
    await requireStillAuthorized(trx, actor, roles);
    audit.record(trx, { kind: "pin_removed", actor, request });
  });
}
