/**
 * The cookies of a browser. One names the session, and ends with the browser. The other has the device tokens of the
 * users who log in on this browser, and is sent to the login only.
 */
import type { Context } from "koa";

import { deviceDays } from "../sessions/device_tokens.ts";

/** The path of login and logout, the only one that gets the device tokens. */
export const sessionPath = "/auth/session";

/** Most device tokens of a browser. The oldest ones are dropped. */
const mostDevices = 8;
const daySeconds = 86_400;

type Request = Pick<Context, "secure" | "cookies">;

/**
 * Returns the name of the session's cookie. With the prefix `__Host-`, no other host can set it, and it travels over
 * https only. Over http it has no prefix, because Safari drops secure cookies there, also on localhost.
 */
const sessionName = ({ secure }: Request): string => (secure ? "__Host-keyrack" : "keyrack");
const deviceName = ({ secure }: Request): string => (secure ? "__Secure-keyrack-device" : "keyrack-device");

/** Returns the session's cookie of a request, unchecked. */
export function readSessionCookie(request: Request): string | undefined {
  return request.cookies.get(sessionName(request), { signed: false });
}

/** Returns the line of `Set-Cookie` that gives the browser its session. */
export function sessionCookie(request: Request, value: string): string {
  return line(request, sessionName(request), value, "/");
}

/** Returns the line of `Set-Cookie` that takes the session from the browser. */
export function clearedSessionCookie(request: Request): string {
  return `${line(request, sessionName(request), "", "/")}; Max-Age=0`;
}

/** Returns the device tokens of the users who logged in on this browser, the latest first. */
export function readDeviceCookie(request: Request): readonly string[] {
  const value = request.cookies.get(deviceName(request), { signed: false }) ?? "";
  return value.split(".").filter(Boolean).slice(0, mostDevices);
}

/**
 * Returns the line of `Set-Cookie` that keeps a user's new device token, beside those of other users.
 * @param used the user's token before
 */
export function deviceCookie(request: Request, token: string, used: string | undefined): string {
  const others = readDeviceCookie(request).filter((other) => other !== used);
  const value = [token, ...others].slice(0, mostDevices).join(".");
  return `${line(request, deviceName(request), value, sessionPath)}; Max-Age=${deviceDays * daySeconds}`;
}

function line({ secure }: Request, name: string, value: string, path: string): string {
  const attributes = [`Path=${path}`, "HttpOnly", "SameSite=Strict", ...(secure ? ["Secure"] : [])];
  return [`${name}=${value}`, ...attributes].join("; ");
}
