/** Access tokens: JWTs that say who, where, and in which session. What they may still do is looked up (`sessions.ts`). */
import { createHash, randomBytes } from "node:crypto";
import { jwtVerify, SignJWT } from "jose";
import * as z from "zod";

import { isUuid, newId } from "../../core/mod.ts";

const issuer = "keyrack";
const audience = "keyrack-api";
const type = "access";
/** Seconds that an access token holds. */
export const accessSeconds = 15 * 60;
/** Days that a refresh token holds, where it is not used. */
export const refreshDays = 30;

const claimsSchema = z.object({
  sub: z.string().refine(isUuid),
  hotel_id: z.string().refine(isUuid),
  sid: z.string().refine(isUuid),
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

/** Signs and verifies with HS256. */
export function createAccessTokens(secret: string): AccessTokens {
  const key = new TextEncoder().encode(secret);
  const verified = new Map<string, AccessClaims>();
  return {
    sign: ({ userId, hotelId, sessionId }) =>
      new SignJWT({ hotel_id: hotelId, sid: sessionId, typ: type })
        .setProtectedHeader({ alg: "HS256", typ: "JWT" })
        .setSubject(userId)
        .setIssuer(issuer)
        .setAudience(audience)
        .setJti(newId())
        .setIssuedAt()
        .setNotBefore("0s")
        .setExpirationTime(`${accessSeconds}s`)
        .sign(key),
    verify: async (token) => {
      const kept = verified.get(token);
      if (kept !== undefined) return kept.exp * 1000 > Date.now() ? kept : undefined;
      const claims = await verifyToken(token, key);
      if (claims === undefined) return undefined;
      if (verified.size >= mostKept) verified.delete(verified.keys().next().value as string);
      verified.set(token, claims);
      return claims;
    },
  };
}

async function verifyToken(token: string, key: Uint8Array): Promise<AccessClaims | undefined> {
  try {
    const options = { algorithms: ["HS256"], issuer, audience, requiredClaims: ["exp", "nbf", "jti", "sub"] };
    const { payload } = await jwtVerify(token, key, options);
    return claimsSchema.parse(payload);
  } catch {
    return undefined;
  }
}

/**
 * A refresh token: the hotel, so that it is looked up inside the hotel's walls, and 32 random bytes. Only its hash is
 * stored; it has enough entropy of its own that a fast one does.
 */
export function newRefreshToken(hotelId: string): string {
  return Buffer.concat([Buffer.from(hotelId.replaceAll("-", ""), "hex"), randomBytes(32)]).toString("base64url");
}

/** The hotel that a refresh token names and the hash that it is stored by, or undefined where it is none. */
export function readRefreshToken(token: string): { hotelId: string; hash: Buffer } | undefined {
  const bytes = Buffer.from(token, "base64url");
  if (bytes.length !== 48) return undefined;
  const hotelId = bytes
    .subarray(0, 16)
    .toString("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  return { hotelId, hash: createHash("sha256").update(bytes).digest() };
}
