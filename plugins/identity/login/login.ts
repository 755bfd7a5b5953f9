/** Checks a login by username and password, and limits its attempts. All failures get the same answer. */
import { prepare, Problem, type RequestFacts } from "../../../core/mod.ts";
import type { IdentityContext } from "../context.ts";
import { createDeviceTokens, type DeviceTokens } from "../sessions/device_tokens.ts";
import { checkPassword, turnOfLogin } from "../passwords/hashing.ts";
import { createLoginThrottle, type LoginThrottle } from "./throttle.ts";
import { foldUsername } from "../names/usernames.ts";
import type { KnownUser } from "../sessions/known_user.ts";

const findStatement = prepare<KnownUser & { readonly active: boolean }>(
  "identity_find_login",
  "SELECT hotel_id, user_id, username, password_hash, active FROM identity.users WHERE folded_username = $1",
);

/** A valid login. */
export interface CheckedLogin {
  readonly user: KnownUser;
  /** For the user's next login on this device. */
  readonly deviceToken: string;
  /** The sent token that was valid for the user. The new one replaces it. */
  readonly usedDeviceToken: string | undefined;
}

export interface Logins {
  /**
   * Returns undefined if the username or the password is wrong, or if the user is not active.
   * @param deviceTokens those that the request sends. A browser has one for each of its users
   * @throws Problem RATE_LIMITED, SERVICE_UNAVAILABLE
   */
  check(
    username: string,
    password: string,
    request: RequestFacts,
    deviceTokens: readonly string[],
  ): Promise<CheckedLogin | undefined>;
  readonly throttle: LoginThrottle;
}

export function createLogins({ audit, db, counters, env }: IdentityContext): Logins {
  const devices: DeviceTokens = createDeviceTokens(env.SECRET_KEY);
  const throttle = createLoginThrottle(counters, { failures: env.FAILED_LOGINS, calls: env.LOGINS_PER_MINUTE });
  /** Records a failure in the log of the user's hotel. An unknown name is not stored, because it can be a password. */
  const countFailure = (request: RequestFacts, user: KnownUser | undefined, kind: string, code?: string): void => {
    if (user === undefined) return;
    const { hotel_id: tenantId, user_id: id, username: name } = user;
    const details = code === undefined ? {} : { code };
    audit.countRefusal({ kind, tenantId, request, subject: { type: "user", id, name }, details });
  };
  return {
    throttle,
    check: async (username, password, request, deviceTokens) => {
      const { address } = request;
      // An unknown name is folded too, so that all its spellings count as one account.
      const account = foldUsername(username);
      const [found] = await db.crossTenant((trx) => findStatement.run(trx, [account]), { readOnly: true });
      const usedDeviceToken = deviceTokens.find((token) => devices.read(token, found) !== undefined);
      const device = devices.read(usedDeviceToken, found);
      const own = device === undefined ? undefined : { key: device, only: false };
      const attempt = throttle.attempt(account, address, found?.password_hash, own);
      try {
        await attempt.begin();
        // Always computes a hash, outside of any transaction. An inactive user gets the same answer as an unknown one.
        const hash = found?.active === true ? found.password_hash : undefined;
        const isRight = await checkPassword(password, hash, turnOfLogin(address, attempt.isKnown));
        if (!isRight || found === undefined) {
          await attempt.failed();
          countFailure(request, found, "login_failed");
          return undefined;
        }
        await attempt.succeeded();
        return { user: found, deviceToken: devices.issue(found, device), usedDeviceToken };
      } catch (error) {
        if (error instanceof Problem) countFailure(request, found, "login_refused", error.code);
        throw error;
      } finally {
        attempt.end();
      }
    },
  };
}
