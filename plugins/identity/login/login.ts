/** A login by username and password: throttled, checked, and told the same whoever it is not. */
import { prepare, Problem, type RequestFacts } from "../../../core/mod.ts";
import type { IdentityContext } from "../context.ts";
import { createDeviceTokens, type DeviceTokens } from "./device_tokens.ts";
import { checkPassword, turnOfLogin } from "../passwords/hashing.ts";
import { createLoginThrottle, type LoginThrottle } from "./throttle.ts";
import { foldUsername } from "../staff/usernames.ts";
import type { KnownUser } from "./known_user.ts";

const findStatement = prepare<KnownUser & { readonly active: boolean }>(
  "identity_find_login",
  "SELECT hotel_id, user_id, username, password_hash, active FROM identity.users WHERE folded_username = $1",
);

/** A login that holds. */
export interface CheckedLogin {
  readonly user: KnownUser;
  /** For the user's next login on this device. */
  readonly deviceToken: string;
}

export interface Logins {
  /**
   * Undefined where the username or the password is wrong, or the user is not active.
   * @param deviceToken that the login brings along, if any
   * @throws Problem RATE_LIMITED, SERVICE_UNAVAILABLE
   */
  check(
    username: string,
    password: string,
    request: RequestFacts,
    deviceToken: string | undefined,
  ): Promise<CheckedLogin | undefined>;
  readonly throttle: LoginThrottle;
}

export function createLogins({ audit, db, counters, env }: IdentityContext): Logins {
  const devices: DeviceTokens = createDeviceTokens(env.SECRET_KEY);
  const throttle = createLoginThrottle(counters, { failures: env.FAILED_LOGINS, calls: env.LOGINS_PER_MINUTE });
  /** Into the log of the user's hotel. A name that no hotel has is stored nowhere: it may be a password. */
  const countFailure = (request: RequestFacts, user: KnownUser | undefined, kind: string, code?: string): void => {
    if (user === undefined) return;
    const { hotel_id: tenantId, user_id: id, username: name } = user;
    const details = code === undefined ? {} : { code };
    audit.countRefusal({ kind, tenantId, request, subject: { type: "user", id, name }, details });
  };
  return {
    throttle,
    check: async (username, password, request, deviceToken) => {
      const { address } = request;
      // An unknown name is folded as the others are: there is one account to every way of writing it.
      const account = foldUsername(username);
      const [found] = await db.crossTenant((trx) => findStatement.run(trx, [account]), { readOnly: true });
      const device = devices.read(deviceToken, found);
      const own = device === undefined ? undefined : { key: device, only: false };
      const attempt = throttle.attempt(account, address, found?.password_hash, own);
      try {
        await attempt.begin();
        // The hash is always paid for, outside of any transaction; an inactive user is told what an unknown one is told.
        const hash = found?.active === true ? found.password_hash : undefined;
        const holds = await checkPassword(password, hash, turnOfLogin(address, attempt.isKnown));
        if (!holds || found === undefined) {
          await attempt.failed();
          countFailure(request, found, "login_failed");
          return undefined;
        }
        await attempt.succeeded();
        return { user: found, deviceToken: devices.issue(found, device) };
      } catch (error) {
        if (error instanceof Problem) countFailure(request, found, "login_refused", error.code);
        throw error;
      } finally {
        attempt.end();
      }
    },
  };
}
