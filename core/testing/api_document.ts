/**
 * Reads an OpenAPI document as an attacker would: which operations there are, where each of them takes an id, and what a
 * request that fits looks like. Nothing here knows any route, so a new one is attacked without a line changed.
 */

/** The part of JSON Schema that the documents use. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly minLength?: number;
}

interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly schema: Schema;
}

interface OperationObject {
  readonly operationId: string;
  readonly "x-roles"?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** A place where an operation takes an id. */
export interface IdSlot {
  readonly where: "path" | "query" | "body";
  /** RFC 6901, into the path's parameters, the query or the body; `/-` for the items of an array. */
  readonly pointer: string;
  /** What it names, by the last word of the pointer: `user_id`; the many of `user_ids` are of the kind `user_id`. */
  readonly kind: string;
}

export interface Operation {
  readonly id: string;
  readonly method: string;
  /** With parameters in braces. */
  readonly path: string;
  /** Who may call it; undefined: anyone. */
  readonly roles: readonly string[] | undefined;
  readonly slots: readonly IdSlot[];
  readonly takesIfMatch: boolean;
  readonly takesIdempotencyKey: boolean;
  readonly hasCursor: boolean;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | undefined;
  readonly document: ApiDocument;
}

/** All operations of a document. */
export function operationsOf(document: ApiDocument): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { operationId, parameters = [], requestBody, ...rest }]) => {
      const body = requestBody?.content["application/json"]?.schema;
      const takes = (name: string): boolean => parameters.some((parameter) => parameter.name === name);
      return {
        id: operationId,
        method: method.toUpperCase(),
        path,
        roles: rest["x-roles"],
        slots: [
          ...parameters.flatMap(({ name, in: where, schema }) =>
            where === "header" ? [] : findSlots(document, schema, where, `/${name}`),
          ),
          ...(body === undefined ? [] : findSlots(document, body, "body", "")),
        ],
        takesIfMatch: takes("If-Match"),
        takesIdempotencyKey: takes("Idempotency-Key"),
        hasCursor: takes("cursor"),
        parameters,
        body,
        document,
      };
    }),
  );
}

function findSlots(document: ApiDocument, given: Schema, where: IdSlot["where"], pointer: string): IdSlot[] {
  const schema = resolve(document, given);
  const kind = kindOf(pointer);
  if (schema.format === "uuid" || (kind.endsWith("_id") && schema.type !== "object" && schema.type !== "array"))
    return [{ where, pointer, kind }];
  return [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, part]) =>
      findSlots(document, part, where, `${pointer}/${name}`),
    ),
    ...(schema.items === undefined ? [] : findSlots(document, schema.items, where, `${pointer}/-`)),
  ];
}

function kindOf(pointer: string): string {
  const word = pointer.replaceAll("/-", "").split("/").at(-1) ?? "";
  return word.replace(/_ids$/, "_id");
}

/** Follows references, and of alternatives takes the first that is not null. */
function resolve(document: ApiDocument, schema: Schema): Schema {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split("/").at(-1) ?? "";
    const found = document.components.schemas[name];
    if (found === undefined) throw new Error(`The document has no schema ${schema.$ref}.`);
    return resolve(document, found);
  }
  const first = (schema.anyOf ?? schema.oneOf)?.find(({ type }) => type !== "null");
  return first === undefined ? schema : { ...resolve(document, first), ...withoutAlternatives(schema) };
}

function withoutAlternatives({ anyOf: _anyOf, oneOf: _oneOf, ...rest }: Schema): Schema {
  return rest;
}

export interface SampleRequest {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/**
 * A request that fits the operation's schemas.
 * @param idOf the id to send in a slot; undefined leaves an optional one out
 * @param whole whether optional fields are sent too, so that a change that gets through does change something
 */
export function sampleRequest(
  operation: Operation,
  idOf: (slot: IdSlot) => string | undefined,
  whole = operation.method === "PATCH",
): SampleRequest {
  const sampler = createSampler(operation, idOf, whole);
  const values = (where: "path" | "query"): [string, string][] =>
    operation.parameters
      .filter((parameter) => parameter.in === where)
      .flatMap(({ name, required = false, schema }) => {
        const value = sampler(schema, where, `/${name}`, required);
        return value === undefined ? [] : [[name, `${value as string | number | boolean}`]];
      });
  const inPath = new Map(values("path"));
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(inPath.get(name) ?? ""));
  const query = new URLSearchParams(values("query")).toString();
  return {
    method: operation.method,
    path: query === "" ? path : `${path}?${query}`,
    body: operation.body === undefined ? undefined : sampler(operation.body, "body", "", true),
  };
}

type Sampler = (schema: Schema, where: IdSlot["where"], pointer: string, required: boolean) => unknown;

function createSampler(
  { document, slots }: Operation,
  idOf: (slot: IdSlot) => string | undefined,
  whole: boolean,
): Sampler {
  // Each day is later than the one before: a range that is asked for in order is a range.
  let days = 60;
  const nextDay = (): Date => new Date(Date.now() + (days += 2) * 86_400_000);
  const sample: Sampler = (given, where, pointer, required) => {
    const slot = slots.find((one) => one.where === where && one.pointer === pointer);
    if (slot !== undefined) return idOf(slot);
    const schema = resolve(document, given);
    const parts = [...Object.keys(schema.properties ?? {}).map((name) => `${pointer}/${name}`), `${pointer}/-`];
    const holdsId = slots.some(
      (one) => one.where === where && parts.some((part) => one.pointer === part || one.pointer.startsWith(`${part}/`)),
    );
    if (!required && !holdsId && (!whole || where === "query")) return undefined;
    if (schema.properties !== undefined || schema.type === "object") {
      const fields = Object.entries(schema.properties ?? {}).map(([name, part]): [string, unknown] => [
        name,
        sample(part, where, `${pointer}/${name}`, schema.required?.includes(name) === true),
      ]);
      const sent = fields.filter(([, value]) => value !== undefined);
      return !required && sent.length === 0 ? undefined : Object.fromEntries(sent);
    }
    if (schema.type === "array") {
      const item = sample(schema.items ?? {}, where, `${pointer}/-`, required);
      return item === undefined ? (required ? [] : undefined) : [item];
    }
    return leaf(schema, nextDay);
  };
  return sample;
}

function leaf(schema: Schema, nextDay: () => Date): unknown {
  if (schema.format === "date") return nextDay().toISOString().slice(0, 10);
  if (schema.format === "date-time") return nextDay().toISOString();
  if (schema.const !== undefined) return schema.const;
  if (schema.examples?.[0] !== undefined) return schema.examples[0];
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.type === "integer" || schema.type === "number") return schema.minimum ?? 1;
  if (schema.type === "boolean") return true;
  return "sample".padEnd(schema.minLength ?? 0, "-");
}
