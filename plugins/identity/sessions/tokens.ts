/** Access tokens: JWTs that say who, where, and in which session. What they may still do is looked up (`sessions.ts`). */
import { createHash, createHmac, randomBytes } from "node:crypto";
import { jwtVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import * as z from "zod";

import { isUuid, newId } from "../../../core/mod.ts";

const issuer = "keyrack";
const audience = "keyrack-api";
const type = "access";
/** Seconds that an access token holds. */
export const accessSeconds = 15 * 60;
const clockSkewSeconds = 5;
/** Days that a session lasts, however often its refresh token is renewed; after that its user logs in again. */
export const sessionDays = 30;
/** The nil UUID stands for "no tenant" in the database, so no token may name it. */
const nilUuid = "00000000-0000-0000-0000-000000000000";
const uuidClaim = z.string().refine((id) => isUuid(id) && id !== nilUuid);

const claimsSchema = z.object({
  sub: uuidClaim,
  hotel_id: uuidClaim,
  sid: uuidClaim,
  typ: z.literal(type),
  exp: z.number(),
});

export type AccessClaims = z.output<typeof claimsSchema>;

/** Most verified tokens that are kept: a desk sends the same one with every click. */
const mostKept = 10_000;

export interface AccessTokens {
  sign(claims: { readonly userId: string; readonly hotelId: string; readonly sessionId: string }): Promise<string>;
  /** The claims of a token that holds, or undefined. */
  verify(token: string): Promise<AccessClaims | undefined>;
}

/** Signs with HS256 and the first key; verifies with all of them. */
export function createAccessTokens(secrets: readonly [string, ...string[]]): AccessTokens {
  // Imported once: jose would import raw bytes again for every token.
  const keys = secrets.map((secret) => importKey(secret));
  const [signing] = keys as [Promise<CryptoKey>, ...Promise<CryptoKey>[]];
  const verified = new LRUCache<string, AccessClaims>({ max: mostKept });
  return {
    sign: async ({ userId, hotelId, sessionId }) =>
      new SignJWT({ hotel_id: hotelId, sid: sessionId, typ: type })
        .setProtectedHeader({ alg: "HS256", typ: "JWT" })
        .setSubject(userId)
        .setIssuer(issuer)
        .setAudience(audience)
        .setJti(newId())
        .setIssuedAt()
        // The clocks of two machines are never quite the same.
        .setNotBefore(`${clockSkewSeconds}s ago`)
        .setExpirationTime(`${accessSeconds}s`)
        .sign(await signing),
    verify: async (token) => {
      const kept = verified.get(token);
      if (kept !== undefined) return kept.exp * 1000 > Date.now() ? kept : undefined;
      const claims = await verifyToken(token, keys);
      if (claims === undefined) return undefined;
      verified.set(token, claims);
      return claims;
    },
  };
}

function importKey(secret: string): Promise<CryptoKey> {
  const bytes = new TextEncoder().encode(secret);
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
}

async function verifyToken(token: string, keys: readonly Promise<CryptoKey>[]): Promise<AccessClaims | undefined> {
  for (const key of keys) {
    try {
      const options = { algorithms: ["HS256"], issuer, audience, requiredClaims: ["exp", "nbf", "jti", "sub"] };
      const { payload } = await jwtVerify(token, await key, options);
      return claimsSchema.parse(payload);
    } catch {
      // Another key may be the one; where none is, the token does not hold.
    }
  }
  return undefined;
}

/**
 * The first refresh token of a session: the hotel, so that it is looked up inside the hotel's rows, and 32 random bytes. Only
 * its hash is stored; it has enough entropy of its own that a fast one does.
 */
export function newRefreshToken(hotelId: string): string {
  return Buffer.concat([Buffer.from(hotelId.replaceAll("-", ""), "hex"), randomBytes(32)]).toString("base64url");
}

/**
 * The token that follows a refresh token: a keyed hash (HMAC-SHA-256) of it. So the same one can be given again, for an
 * answer that was lost, although only hashes are stored. Without the key a used token does not lead to the next.
 * @param token that `readRefreshToken` could read
 */
export function successorOf(token: string, secret: string): string {
  const bytes = Buffer.from(token, "base64url");
  const next = createHmac("sha256", secret).update("keyrack refresh token").update(bytes).digest();
  return Buffer.concat([bytes.subarray(0, 16), next]).toString("base64url");
}

/** The hotel that a refresh token names and the hash that it is stored by, or undefined where it is none. */
export function readRefreshToken(token: string): { hotelId: string; hash: Buffer } | undefined {
  const bytes = Buffer.from(token, "base64url");
  // The nil UUID is no hotel's, and no tenant's name.
  if (bytes.length !== 48 || bytes.subarray(0, 16).every((byte) => byte === 0)) return undefined;
  const hotelId = bytes
    .subarray(0, 16)
    .toString("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  return { hotelId, hash: createHash("sha256").update(bytes).digest() };
}
