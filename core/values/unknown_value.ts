/** Reads values of unknown shape, such as a caught error, without a type assertion. */

/** Returns one member of a value. Undefined if the value is not an object, or has no such member. */
export function memberOf(value: unknown, name: PropertyKey): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

/** Returns a thrown value as an error. JavaScript can throw any value. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}

/** Returns one member of a value that is a string. Empty if the value has no such member, or it has another type. */
export function textOf(value: unknown, name: string): string {
  const member = memberOf(value, name);
  return typeof member === "string" ? member : "";
}
