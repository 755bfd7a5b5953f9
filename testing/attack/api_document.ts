/**
 * Reads an OpenAPI document for the attack suite: its operations, the places where each takes an id, and a valid
 * request of each. No route is named here, so a new one is attacked without a change.
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
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema | false;
  readonly prefixItems?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
  readonly propertyNames?: Schema;
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
  readonly responses?: Readonly<Record<string, unknown>>;
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** A place where an operation takes an id. */
export interface IdSlot {
  readonly where: "path" | "query" | "body";
  /**
   * A JSON pointer (RFC 6901) into the path's parameters, the query or the body. `/-` means the items of an array, `/*`
   * the values of a map and `/~` its keys.
   */
  readonly pointer: string;
  /** The kind of the id, from the last word of the pointer. Ids in `user_ids` are of the kind `user_id`. */
  readonly kind: string;
}

export interface Operation {
  readonly id: string;
  readonly method: string;
  /** The path with its parameters in braces. */
  readonly path: string;
  /** Roles of the callers. Undefined if the operation needs no login. */
  readonly roles: readonly string[] | undefined;
  readonly slots: readonly IdSlot[];
  readonly takesIfMatch: boolean;
  readonly takesIdempotencyKey: boolean;
  readonly hasCursor: boolean;
  /** Whether the answer is an event stream, which can be open without an end. */
  readonly isStream: boolean;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | undefined;
  readonly document: ApiDocument;
}

/** Lists all operations of a document. */
export function operationsOf(document: ApiDocument): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { operationId, parameters = [], requestBody, responses, ...rest }]) => {
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
        isStream: JSON.stringify(responses ?? {}).includes("text/event-stream"),
        parameters,
        body,
        document,
      };
    }),
  );
}

/** Greatest depth of a request, because a schema can contain itself. */
const deepest = 8;

/** Searches every alternative, because an attacker can send an id that only one of them takes. */
function findSlots(document: ApiDocument, given: Schema, where: IdSlot["where"], pointer: string): IdSlot[] {
  if (pointer.split("/").length > deepest) return [];
  const kind = kindOf(pointer);
  const found = alternatives(document, given).flatMap((schema): IdSlot[] => {
    if (schema.format === "uuid" || (kind.endsWith("_id") && schema.type !== "object" && schema.type !== "array"))
      return [{ where, pointer, kind }];
    return partsOf(schema).flatMap(([part, inside]) => findSlots(document, inside, where, `${pointer}/${part}`));
  });
  return found.filter((slot, at) => found.findIndex((one) => one.pointer === slot.pointer) === at);
}

/** Lists the parts of a schema, each with the last word of a pointer to it. */
function partsOf({ properties, items, prefixItems, additionalProperties, propertyNames }: Schema): [string, Schema][] {
  return [
    ...Object.entries(properties ?? {}),
    ...(prefixItems ?? []).map((item, at): [string, Schema] => [String(at), item]),
    ...(items === undefined || items === false ? [] : [["-", items] satisfies [string, Schema]]),
    ...(typeof additionalProperties === "object" ? [["*", additionalProperties] satisfies [string, Schema]] : []),
    ...(propertyNames === undefined ? [] : [["~", propertyNames] satisfies [string, Schema]]),
  ];
}

function kindOf(pointer: string): string {
  const word = pointer
    .split("/")
    .filter((part) => !/^([-*~]|\d+)$/.test(part))
    .at(-1);
  return (word ?? "").replace(/_ids$/, "_id");
}

/** Resolves references and alternatives. Returns one schema for each combination of alternatives that are not null. */
function alternatives(document: ApiDocument, schema: Schema): Schema[] {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split("/").at(-1) ?? "";
    const found = document.components.schemas[name];
    if (found === undefined) throw new Error(`The document has no schema ${schema.$ref}.`);
    return alternatives(document, found);
  }
  const { anyOf, oneOf, allOf, ...rest } = schema;
  const choices = [...(allOf ?? []).map((one) => [one]), ...[anyOf, oneOf].filter((some) => some !== undefined)];
  return choices.reduce<Schema[]>(
    (before, some) =>
      before.flatMap((one) =>
        some
          .filter(({ type }) => type !== "null")
          .flatMap((choice) => alternatives(document, choice))
          .map((choice) => mergeSchemas(choice, one)),
      ),
    [rest],
  );
}

function mergeSchemas(one: Schema, other: Schema): Schema {
  const properties = { ...one.properties, ...other.properties };
  return {
    ...one,
    ...other,
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
    required: [...(one.required ?? []), ...(other.required ?? [])],
  };
}

export interface SampleRequest {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/**
 * Makes a request that is valid for the operation's schemas.
 * @param idOf returns the id for a slot. It can return undefined for a slot that is not required
 * @param options `whole` also sends optional fields, so that an accepted change changes a row. `aim` chooses the
 * alternative that has this slot
 */
export function sampleRequest(
  operation: Operation,
  idOf: (slot: IdSlot, required: boolean) => string | undefined,
  { whole = operation.method === "PATCH", aim }: SampleOptions = {},
): SampleRequest {
  const sampler = createSampler(operation, idOf, whole, aim);
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

export interface SampleOptions {
  readonly whole?: boolean;
  readonly aim?: IdSlot;
}

type Sampler = (schema: Schema, where: IdSlot["where"], pointer: string, required: boolean) => unknown;

function createSampler(
  { document, slots }: Operation,
  idOf: (slot: IdSlot, required: boolean) => string | undefined,
  whole: boolean,
  aim: IdSlot | undefined,
): Sampler {
  // Each day is later than the last one, so that the days of a range are in order.
  let days = 60;
  const nextDay = (): Date => new Date(Date.now() + (days += 2) * 86_400_000);
  const slotAt = (where: IdSlot["where"], pointer: string): IdSlot | undefined =>
    slots.find((one) => one.where === where && one.pointer === pointer);
  const isBelow = (slot: IdSlot | undefined, where: IdSlot["where"], pointer: string): boolean =>
    slot?.where === where && slot.pointer.startsWith(`${pointer}/`);
  const chosen = (given: Schema, where: IdSlot["where"], pointer: string): Schema => {
    const all = alternatives(document, given);
    if (aim?.where !== where) return all[0] ?? {};
    const aimed = all.filter((one) =>
      findSlots(document, one, where, pointer).some((slot) => slot.pointer === aim.pointer),
    );
    // Alternatives can differ only in the fields that they require: "either a or b".
    const word = aim.pointer.slice(pointer.length + 1).split("/")[0] ?? "";
    return aimed.find(({ required }) => required?.includes(word) === true) ?? aimed[0] ?? all[0] ?? {};
  };
  const sample: Sampler = (given, where, pointer, required) => {
    const slot = slotAt(where, pointer);
    // One alternative can have an id here, while the aim is deeper in another alternative.
    if (slot !== undefined && !isBelow(aim, where, pointer)) return idOf(slot, required);
    const schema = chosen(given, where, pointer);
    const holdsId = slots.some((one) => isBelow(one, where, pointer));
    if (!required && !holdsId && (!whole || where === "query")) return undefined;
    // The fields of such an object depend on each other ("one of the two"), so each alone would be invalid.
    if (schema.type === "object" && schema.examples?.[0] !== undefined && !holdsId) return schema.examples[0];
    if (schema.properties !== undefined || schema.type === "object") {
      const fields = Object.entries(schema.properties ?? {}).map(([name, part]): [string, unknown] => [
        name,
        sample(part, where, `${pointer}/${name}`, schema.required?.includes(name) === true),
      ]);
      const sent = [...fields, ...entry(schema, where, pointer)].filter(([, value]) => value !== undefined);
      return !required && sent.length === 0 ? undefined : Object.fromEntries(sent);
    }
    if (schema.type === "array") {
      const first = (schema.prefixItems ?? []).map((item, at) => sample(item, where, `${pointer}/${at}`, true));
      const rest = schema.items === false ? undefined : sample(schema.items ?? {}, where, `${pointer}/-`, required);
      const sent = [...first, ...(rest === undefined ? [] : [rest])];
      return sent.length === 0 && !required ? undefined : sent;
    }
    return leaf(schema, nextDay);
  };
  /** Makes one entry of a map if its key or its value contains an id. */
  const entry = ({ additionalProperties }: Schema, where: IdSlot["where"], pointer: string): [string, unknown][] => {
    const [byKey, byValue] = [slotAt(where, `${pointer}/~`), slotAt(where, `${pointer}/*`)];
    const holdsId =
      byKey !== undefined || byValue !== undefined || slots.some((one) => isBelow(one, where, `${pointer}/*`));
    if (!holdsId || typeof additionalProperties !== "object") return [];
    const key = byKey === undefined ? "sample" : idOf(byKey, true);
    return key === undefined ? [] : [[key, sample(additionalProperties, where, `${pointer}/*`, true)]];
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
