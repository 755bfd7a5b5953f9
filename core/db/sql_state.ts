import { memberOf } from "../values/unknown_value.ts";
/** Reads PostgreSQL's data of an error, also through the errors that wrap it. */

/** Returns PostgreSQL's SQLSTATE of an error, or undefined. */
export function sqlStateOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const code = memberOf(error, "code");
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : sqlStateOf(memberOf(error, "nativeError"));
}

/** Returns the constraint that an error names, or undefined. */
export function constraintOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const constraint = memberOf(error, "constraint");
  return typeof constraint === "string" ? constraint : constraintOf(memberOf(error, "nativeError"));
}
