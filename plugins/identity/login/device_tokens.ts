/**
 * Device tokens: a login gives one, and the device sends it along with its user's next login. It shows that this user has
 * logged in on this device before, so strangers behind the same address can't use up its attempts.
 *
 * Nothing is stored. A token is a random id of the device, the day of issue, and a MAC over both, the user and the hash of the
 * user's password. So it holds for one user, ends with the password, and can't be made without SECRET_KEY. It is not a login:
 * a thief of one still has to guess the password, with the attempts of the token and those of an address of his own.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

import type { KnownUser } from "./known_user.ts";

/** Days that a device token holds. Each login on the device gives a new one. */
export const deviceDays = 90;
const dayMs = 86_400_000;
const idBytes = 16;
const headBytes = idBytes + 4;
const macBytes = 32;

export interface DeviceTokens {
  /** A token for the user's next login on this device; on one that is not known yet, with a new id. */
  issue(user: KnownUser, deviceId: string | undefined): string;
  /** The id of the device, where the token is this user's and holds. */
  read(token: string | undefined, user: KnownUser | undefined): string | undefined;
}

/** Signs with the first key; takes tokens of all of them. */
export function createDeviceTokens(
  secrets: readonly [string, ...string[]],
  now = (): number => Date.now(),
): DeviceTokens {
  const today = (): number => Math.floor(now() / dayMs);
  return {
    issue: (user, deviceId) => {
      const head = Buffer.alloc(headBytes);
      (deviceId === undefined ? randomBytes(idBytes) : Buffer.from(deviceId, "base64url")).copy(head);
      head.writeUInt32BE(today(), idBytes);
      return Buffer.concat([head, macOf(secrets[0], head, user)]).toString("base64url");
    },
    read: (token, user) => {
      const bytes = Buffer.from(token ?? "", "base64url");
      if (bytes.length !== headBytes + macBytes || user === undefined) return undefined;
      const head = bytes.subarray(0, headBytes);
      const age = today() - head.readUInt32BE(idBytes);
      if (age < 0 || age > deviceDays) return undefined;
      const mac = bytes.subarray(headBytes);
      const holds = secrets.some((secret) => timingSafeEqual(mac, macOf(secret, head, user)));
      return holds ? head.subarray(0, idBytes).toString("base64url") : undefined;
    },
  };
}

function macOf(secret: string, head: Buffer, { hotel_id: hotelId, user_id: userId, password_hash: hash }: KnownUser) {
  return createHmac("sha256", secret)
    .update("keyrack device token")
    .update(head)
    .update(JSON.stringify([hotelId, userId, hash]))
    .digest();
}
