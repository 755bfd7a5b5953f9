/**
 * How large a route's body may be, by default: as large as the largest body that its schema takes. A call that needs
 * 300 bytes then reads no 256 KiB, which is what an attacker would send to it.
 */
import * as z from "zod";

import type { Route } from "../route.ts";

/** The part of JSON Schema that says how large a value can be. */
interface Sized {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly items?: Sized;
  readonly properties?: Readonly<Record<string, Sized>>;
  readonly additionalProperties?: unknown;
  readonly anyOf?: readonly Sized[];
  readonly oneOf?: readonly Sized[];
}

/** For a schema that sets no bound, in bytes. */
const unboundedLimit = 64 * 1024;
/** A factor, for white space and for text that is trimmed. */
const slack = 1.25;
const leastLimit = 2 * 1024;
/** `\uXXXX`: many clients send everything but ASCII like this. */
const bytesOfCharacter = 6;
/** Characters of a text that has a format, such as a date or an id, or a pattern without an open end. */
const formatted = 128;

const limits = new WeakMap<Route, number>();

/** Most bytes of a route's body, unpacked: what it declares, or what its schema comes to. */
export function bodyLimitOf(route: Route): number {
  let limit = limits.get(route);
  if (limit === undefined) {
    limit = route.bodyLimit ?? (route.body === undefined || route.body === "raw" ? unboundedLimit : sizeOf(route.body));
    limits.set(route, limit);
  }
  return limit;
}

function sizeOf(schema: z.ZodType): number {
  // `Sized` names the members of JSON Schema that bound a length.
  const { $defs = {}, ...whole } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Sized & {
    readonly $defs?: Readonly<Record<string, Sized>>;
  };
  const bytes = largest(whole, $defs) * slack;
  return Number.isFinite(bytes) ? Math.max(leastLimit, Math.ceil(bytes / 1024) * 1024) : unboundedLimit;
}

/** Bytes of the largest JSON that fits; infinite where there is no bound, as for a schema that contains itself. */
function largest(schema: Sized, defs: Readonly<Record<string, Sized>>): number {
  if (schema.const !== undefined) return JSON.stringify(schema.const).length;
  if (schema.enum !== undefined) return Math.max(...schema.enum.map((one) => JSON.stringify(one).length));
  if (schema.$ref !== undefined) {
    const { [schema.$ref.replace("#/$defs/", "")]: named, ...others } = defs;
    return named === undefined ? Infinity : largest(named, others);
  }
  switch (schema.type) {
    case "string":
      return 2 + bytesOfCharacter * lengthOf(schema);
    case "number":
    case "integer":
    case "boolean":
    case "null":
      return 32;
    case "array":
      return schema.maxItems === undefined ? Infinity : 2 + schema.maxItems * (1 + largest(schema.items ?? {}, defs));
    case "object":
      return schema.additionalProperties === false ? sumOfFields(schema, defs) : Infinity;
    case undefined:
    default: {
      const either = schema.anyOf ?? schema.oneOf;
      return either === undefined ? Infinity : Math.max(...either.map((one) => largest(one, defs)));
    }
  }
}

function sumOfFields({ properties = {} }: Sized, defs: Readonly<Record<string, Sized>>): number {
  return Object.entries(properties).reduce((sum, [name, value]) => sum + name.length + 4 + largest(value, defs), 2);
}

function lengthOf({ maxLength, format, pattern }: Sized): number {
  if (maxLength !== undefined) return maxLength;
  if (format !== undefined) return formatted;
  return pattern === undefined || /[*+]|,\}/.test(pattern.replaceAll(/\\.|\[[^\]]*\]/g, "x")) ? Infinity : formatted;
}
