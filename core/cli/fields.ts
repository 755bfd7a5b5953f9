/** Reads the schemas of a command's options and arguments, for the help and to parse the words. */
import * as z from "zod";

import type { Fields, FieldValues } from "../plugin/command.ts";

/** An option or argument as the help and the completion show it. */
export interface FieldFacts {
  /** A flag has no value. A number is written in decimal digits. */
  readonly kind: "flag" | "number" | "text";
  readonly isRequired: boolean;
  /** The name of the value in the usage, as in `--since <time>`. */
  readonly placeholder: string;
  readonly description: string;
  /** The type in words, for an error and for the help. Undefined if any text is allowed. */
  readonly type: string | undefined;
  /** The default, as it would be typed. */
  readonly defaultText: string | undefined;
  /** All possible values, if the schema lists them. */
  readonly choices: readonly string[];
  readonly completesFiles: boolean;
}

export function factsOf(name: string, schema: z.ZodType): FieldFacts {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  const { title, description = "", completes } = schema.meta() ?? {};
  const choices = (json.enum ?? []).map(String);
  const kind = json.type === "boolean" ? "flag" : isNumeric(json) ? "number" : "text";
  const isFlag = kind === "flag";
  return {
    kind,
    isRequired: !schema.safeParse(undefined).success,
    placeholder: title ?? (choices.length > 0 ? name : kind),
    description,
    type: isFlag ? undefined : typeInWords(json, choices),
    defaultText: isFlag ? undefined : textOf(json.default),
    choices,
    completesFiles: completes === "files",
  };
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : JSON.stringify(value));

type JsonSchema = z.core.JSONSchema.BaseSchema;

const isNumeric = ({ type }: JsonSchema): boolean => type === "integer" || type === "number";

function typeInWords(json: JsonSchema, choices: readonly string[]): string | undefined {
  if (choices.length > 0) return `one of ${choices.join(", ")}`;
  if (isNumeric(json)) {
    const { minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER } = json;
    const least = minimum > Number.MIN_SAFE_INTEGER ? ` from ${minimum}` : "";
    const most = maximum < Number.MAX_SAFE_INTEGER ? ` ${least === "" ? "up " : ""}to ${maximum}` : "";
    return `a ${json.type === "integer" ? "whole number" : "number"}${least}${most}`;
  }
  return json.format === "uuid" ? "a UUID" : undefined;
}

export interface ParsedFields<F extends Fields> {
  readonly values: FieldValues<F>;
  /** One sentence for each value that its schema rejects. */
  readonly faults: readonly string[];
}

/**
 * Parses the words by their schemas.
 * @param valueAt returns the word of a field by its name: a text, `true` for a flag, or undefined
 * @param label returns the name of a field in a fault
 */
export function parseFields<F extends Fields>(
  fields: F,
  valueAt: (name: string) => unknown,
  label: (name: string) => string,
): ParsedFields<F> {
  const parsed = Object.entries(fields).map(([name, schema]) => {
    const { kind, type } = factsOf(name, schema);
    const { success, data, error } = schema.safeParse(valueOf(kind, valueAt(name)));
    if (success) return { name, data, fault: undefined };
    const expected = type === undefined ? error.issues[0]?.message : `must be ${type}`;
    return { name, data, fault: `${label(name)} ${(expected ?? "is refused").replace(/\.?$/, ".")}` };
  });
  return {
    // The assertion is safe: the schema of each name has parsed its value.
    values: Object.fromEntries(parsed.map(({ name, data }) => [name, data])) as FieldValues<F>,
    faults: parsed.flatMap(({ fault }) => (fault === undefined ? [] : [fault])),
  };
}

/** Converts decimal numbers only. JavaScript's own conversion would accept `0x10`, `1e2` and ` 5 ` too. */
const valueOf = (kind: FieldFacts["kind"], text: unknown): unknown =>
  kind === "number" && typeof text === "string" && /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : text;
