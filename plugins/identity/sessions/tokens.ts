/** Access tokens: JWTs with the user, the hotel and the session. `sessions.ts` looks up the role for each request. */
import { createHash, createHmac, randomBytes } from "node:crypto";
import { jwtVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import * as z from "zod";

import { isUuid, newId } from "../../../core/mod.ts";

const issuer = "keyrack";
const audience = "keyrack-api";
const type = "access";
/** Seconds until an access token expires. */
export const accessSeconds = 15 * 60;
const clockSkewSeconds = 5;
/** The nil UUID means "no tenant" in the database, so a token must not name it. */
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

/** Most cached verified tokens. A desk sends the same token with every request. */
const mostCached = 10_000;

export interface AccessTokens {
  sign(claims: { readonly userId: string; readonly hotelId: string; readonly sessionId: string }): Promise<string>;
  /** Returns the claims of a valid token, or undefined. */
  verify(token: string): Promise<AccessClaims | undefined>;
}

/** Signs with HS256 and the first key, and verifies with all keys. */
export function createAccessTokens(secrets: readonly [string, ...string[]]): AccessTokens {
  // Imported once: jose would import raw bytes again for every token.
  const [first, ...others] = secrets;
  const signing = importKey(first);
  const keys = [signing, ...others.map((secret) => importKey(secret))];
  const verified = new LRUCache<string, AccessClaims>({ max: mostCached });
  return {
    sign: async ({ userId, hotelId, sessionId }) =>
      new SignJWT({ hotel_id: hotelId, sid: sessionId, typ: type })
        .setProtectedHeader({ alg: "HS256", typ: "JWT" })
        .setSubject(userId)
        .setIssuer(issuer)
        .setAudience(audience)
        .setJti(newId())
        .setIssuedAt()
        // The clocks of two machines differ.
        .setNotBefore(`${clockSkewSeconds}s ago`)
        .setExpirationTime(`${accessSeconds}s`)
        .sign(await signing),
    verify: async (token) => {
      const cached = verified.get(token);
      if (cached !== undefined) return cached.exp * 1000 > Date.now() ? cached : undefined;
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
      // Tries the next key. If no key verifies the token, it is not valid.
    }
  }
  return undefined;
}

/**
 * Creates the first refresh token of a session, or the cookie of a browser. It has the hotel's id, so that only the
 * hotel's rows are searched, and 32 random bytes. Only a hash is stored. A fast hash is enough, because the token is
 * random.
 */
export function newOpaqueToken(hotelId: string): string {
  return Buffer.concat([Buffer.from(hotelId.replaceAll("-", ""), "hex"), randomBytes(32)]).toString("base64url");
}

/**
 * Returns the token that follows a refresh token: a keyed hash (HMAC-SHA-256) of it. So a client whose answer was lost
 * can get the same token again, although only hashes are stored. A used token does not reveal the next without the key.
 * @param token one that `readOpaqueToken` can read
 */
export function successorOf(token: string, secret: string): string {
  const bytes = Buffer.from(token, "base64url");
  const next = createHmac("sha256", secret).update("keyrack refresh token").update(bytes).digest();
  return Buffer.concat([bytes.subarray(0, 16), next]).toString("base64url");
}

/** Returns the hotel and the stored hash of a refresh token or a cookie, or undefined if the text is malformed. */
export function readOpaqueToken(token: string): { hotelId: string; hash: Buffer } | undefined {
  const bytes = Buffer.from(token, "base64url");
  // The nil UUID means "no tenant".
  if (bytes.length !== 48 || bytes.subarray(0, 16).every((byte) => byte === 0)) return undefined;
  const hotelId = bytes
    .subarray(0, 16)
    .toString("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  return { hotelId, hash: createHash("sha256").update(bytes).digest() };
}
