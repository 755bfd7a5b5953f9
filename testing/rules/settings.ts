/** Compares the table of settings in docs/production.md with the zod schemas of the environment. */
import * as z from "zod";

export interface Setting {
  readonly name: string;
  readonly schema: z.ZodType;
  /** `core`, or the id of the plugin that reads it. Several may read one. */
  readonly readBy: readonly string[];
}

/** Collects the variables of several schemas, ordered by name. @param parts each reader's name with its variables */
export function collectSettings(parts: readonly (readonly [string, Readonly<Record<string, z.ZodType>>])[]): Setting[] {
  const settings = new Map<string, Setting>();
  for (const [reader, shape] of parts) {
    for (const [name, schema] of Object.entries(shape)) {
      const known = settings.get(name);
      settings.set(name, { name, schema: known?.schema ?? schema, readBy: [...(known?.readBy ?? []), reader] });
    }
  }
  return [...settings.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

interface Row {
  readonly name: string;
  readonly readBy: string;
  readonly allowed: string;
  readonly preset: string;
}

/** Reads the rows `| name | read by | values | meaning | default |` of a page. */
function rowsOf(page: string): Row[] {
  return page.split("\n").flatMap((line) => {
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    const name = /^`([A-Z][A-Z0-9_]+)`$/.exec(cells[1] ?? "")?.[1];
    if (name === undefined || cells.length !== 7) return [];
    return { name, readBy: cells[2] ?? "", allowed: cells[3] ?? "", preset: cells[5] ?? "" };
  });
}

/** Names each difference between the page and the schemas. Returns an empty list if the page is complete and right. */
export function settingsFaults(page: string, settings: readonly Setting[]): string[] {
  const rows = rowsOf(page);
  const unknown = rows.filter(({ name }) => !settings.some((setting) => setting.name === name));
  return [
    ...unknown.map(({ name }) => `${name} is in the table, and no schema reads it.`),
    ...settings.flatMap((setting) => {
      const [row, ...more] = rows.filter(({ name }) => name === setting.name);
      if (row === undefined) return [`${setting.name} has no row in the table.`];
      return [...more.map(() => `${setting.name} has more than one row.`), ...rowFaults(row, setting)];
    }),
  ];
}

function rowFaults({ name, readBy, allowed, preset }: Row, setting: Setting): string[] {
  const expected = readPreset(setting.schema);
  const shown = /^`([^`]*)`/.exec(preset)?.[1];
  const values = allowedValues(setting.schema);
  return [
    ...(readBy === setting.readBy.join(", ") ? [] : [`${name} is read by ${setting.readBy.join(", ")}.`]),
    ...(shown === expected ? [] : [`${name} has the default ${expected ?? "none"}, not ${shown ?? "none"}.`]),
    ...values.filter((value) => !allowed.includes(value)).map((value) => `${name} takes ${value}, the row omits it.`),
  ];
}

interface JsonSchema {
  readonly type?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
}

const jsonSchema = (schema: z.ZodType, io: "input" | "output"): JsonSchema =>
  z.toJSONSchema(schema, { io, unrepresentable: "any" }) as JsonSchema;

/** The default as a shell would write it; undefined without one, and for an empty text, which counts as not set. */
function readPreset(schema: z.ZodType): string | undefined {
  const preset = jsonSchema(schema, "output").default ?? jsonSchema(schema, "input").default;
  return typeof preset === "number" || (typeof preset === "string" && preset !== "") ? String(preset) : undefined;
}

/** `6 to 100` of a number, each value of an enumeration, and an empty list for all other texts. */
function allowedValues(schema: z.ZodType): string[] {
  const { type, minimum, maximum, enum: names } = jsonSchema(schema, "output");
  if (names !== undefined) return names.map((name) => `\`${name}\``);
  if (type !== "integer" || minimum === undefined || maximum === undefined) return [];
  return [maximum === Number.MAX_SAFE_INTEGER ? `${minimum} or more` : `${minimum} to ${maximum}`];
}
