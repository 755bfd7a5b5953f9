import { v7 } from "uuid";
import * as z from "zod";

/** A new UUID v7: made by the app, sorted by the time of its making, so that index pages fill in order. */
export function newId(): string {
  return v7();
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** True for a UUID in its canonical lower-case form. */
export function isUuid(text: string): boolean {
  return uuidPattern.test(text);
}

/** An id in a path, query or body; upper case is taken and folded. */
export const idSchema = z
  .string()
  .regex(/^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/, "is not a UUID")
  .toLowerCase()
  .meta({ format: "uuid", examples: ["0199f3a0-7c1e-7b2a-9c53-2f4a6c8e0b1d"] });
