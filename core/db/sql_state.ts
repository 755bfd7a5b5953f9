/** What PostgreSQL says of an error, however many layers have wrapped it. */

/** PostgreSQL's SQLSTATE of an error, where it has one. */
export function sqlStateOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { code, nativeError } = error as { code?: unknown; nativeError?: unknown };
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : sqlStateOf(nativeError);
}

/** The constraint that an error names, where it names one. */
export function constraintOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { constraint, nativeError } = error as { constraint?: unknown; nativeError?: unknown };
  return typeof constraint === "string" ? constraint : constraintOf(nativeError);
}
