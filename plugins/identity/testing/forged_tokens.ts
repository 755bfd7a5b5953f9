/** Access tokens that must not hold, each wrong in one respect. */
import { decodeJwt, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { NIL } from "uuid";

import { newId } from "../../../core/mod.ts";

export interface ForgedToken {
  readonly wrong: string;
  /** The whole `Authorization` header. Undefined to send none. */
  readonly authorization: string | undefined;
}

export interface Genuine {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** The key that the platform signs with. */
  readonly secret: string;
  /** Another hotel, and another user of the same hotel. */
  readonly otherHotelId: string;
  readonly otherUserId: string;
}

const sign = (claims: JWTPayload, secret: string, alg = "HS256"): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg, typ: "JWT" }).sign(new TextEncoder().encode(secret));

/** Signs the genuine claims again with the genuine key. The token is valid, so the forgeries fail for their faults. */
export function resign({ accessToken, secret }: Genuine): Promise<string> {
  return sign(decodeJwt(accessToken), secret);
}

/** Every forgery that we can think of. */
export async function forgeTokens(genuine: Genuine): Promise<ForgedToken[]> {
  const { accessToken, refreshToken, secret, otherHotelId, otherUserId } = genuine;
  const claims = decodeJwt(accessToken);
  const now = Math.floor(Date.now() / 1000);
  const otherSecret = `${secret}, but another`;
  const [header = "", payload = "", signature = ""] = accessToken.split(".");
  const without = (name: string): JWTPayload =>
    Object.fromEntries(Object.entries(claims).filter(([claim]) => claim !== name));
  const unsecured = new UnsecuredJWT(claims).encode();
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");
  const tokens: Record<string, string> = {
    "has expired": await sign({ ...claims, iat: now - 7200, nbf: now - 7200, exp: now - 3600 }, secret),
    "expired a second ago": await sign({ ...claims, exp: now - 1 }, secret),
    "is not valid yet": await sign({ ...claims, nbf: now + 60, exp: now + 960 }, secret),
    "has alg: none": unsecured,
    "has alg: none and keeps the signature": `${unsecured}${signature}`,
    "says alg: none over the genuine payload": `${encode({ alg: "none" })}.${payload}.${signature}`,
    "is signed by another key": await sign(claims, otherSecret),
    "is signed by the empty prefix of the key": await sign(claims, secret.slice(0, 32)),
    "is signed with HS512": await sign(claims, secret.padEnd(64, "x"), "HS512"),
    "is signed with HS384 and the genuine key": await sign(claims, secret.padEnd(48, " "), "HS384"),
    "is for another audience": await sign({ ...claims, aud: "somebody-else" }, secret),
    "has no audience": await sign(without("aud"), secret),
    "is from another issuer": await sign({ ...claims, iss: "somebody-else" }, secret),
    "has no issuer": await sign(without("iss"), secret),
    "never expires": await sign(without("exp"), secret),
    "has no beginning": await sign(without("nbf"), secret),
    "has no id": await sign(without("jti"), secret),
    "has no subject": await sign(without("sub"), secret),
    "has no typ": await sign(without("typ"), secret),
    "has typ refresh": await sign({ ...claims, typ: "refresh" }, secret),
    "is a refresh token": refreshToken,
    "lacks its last letters": accessToken.slice(0, -4),
    "lacks half of its signature": accessToken.slice(0, -Math.ceil(signature.length / 2)),
    "lacks its signature": `${header}.${payload}.`,
    "has two parts": `${header}.${payload}`,
    "names another hotel under the old signature": [
      header,
      encode({ ...claims, hotel_id: otherHotelId }),
      signature,
    ].join("."),
    "names another hotel, signed by another key": await sign({ ...claims, hotel_id: otherHotelId }, otherSecret),
    // Even with the genuine key: a session is of one hotel and one user.
    "names another hotel": await sign({ ...claims, hotel_id: otherHotelId }, secret),
    "names another user": await sign({ ...claims, sub: otherUserId }, secret),
    "names a session that is not": await sign({ ...claims, sid: newId() }, secret),
    "names the nil hotel": await sign({ ...claims, hotel_id: NIL }, secret),
    "names the nil user": await sign({ ...claims, sub: NIL }, secret),
    "names the nil session": await sign({ ...claims, sid: NIL }, secret),
    "names a hotel that is no id": await sign({ ...claims, hotel_id: "' OR true --" }, secret),
    "is empty": "",
    "is no token": "null",
  };
  return [
    { wrong: "is missing", authorization: undefined },
    { wrong: "comes as Basic", authorization: `Basic ${accessToken}` },
    { wrong: "comes without its scheme", authorization: accessToken },
    { wrong: "comes twice", authorization: `Bearer ${accessToken} ${accessToken}` },
    ...Object.entries(tokens).map(([wrong, token]) => ({ wrong, authorization: `Bearer ${token}` })),
  ];
}
