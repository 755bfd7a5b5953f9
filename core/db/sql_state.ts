/** Reads PostgreSQL's data of an error, also through the errors that wrap it. */

/** Returns PostgreSQL's SQLSTATE of an error, or undefined. */
export function sqlStateOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { code, nativeError } = error as { code?: unknown; nativeError?: unknown };
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : sqlStateOf(nativeError);
}

/** Returns the constraint that an error names, or undefined. */
export function constraintOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { constraint, nativeError } = error as { constraint?: unknown; nativeError?: unknown };
  return typeof constraint === "string" ? constraint : constraintOf(nativeError);
}
