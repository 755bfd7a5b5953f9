/**
 * Device tokens. A login answers with one, and the device sends it with its user's next login. It shows that the user
 * has logged in on this device before, so strangers behind the same address can't use up the user's attempts.
 *
 * The server stores nothing. A token is a random id of the device, the day of issue, and a MAC. The MAC covers both,
 * the user and the hash of the user's password. So a token is valid for one user, ends with the password, and needs
 * SECRET_KEY. It does not log in: a thief must still guess the password. The thief has the attempts of the token and
 * those of the thief's own address.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

import type { KnownUser } from "./known_user.ts";

/** Days until a device token expires. Each login on the device answers with a new one. */
export const deviceDays = 90;
const dayMs = 86_400_000;
const idBytes = 16;
const headBytes = idBytes + 4;
const macBytes = 32;

export interface DeviceTokens {
  /** Issues a token for the user's next login on this device. A device that is not known yet gets a new id. */
  issue(user: KnownUser, deviceId: string | undefined): string;
  /** Returns the id of the device if the token is valid for this user. */
  read(token: string | undefined, user: KnownUser | undefined): string | undefined;
}

/** Signs with the first key, and accepts tokens of all keys. */
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
      const isValid = secrets.some((secret) => timingSafeEqual(mac, macOf(secret, head, user)));
      return isValid ? head.subarray(0, idBytes).toString("base64url") : undefined;
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
