/** Reads all rows that a hotel has in the schema `pms`, and compares two readings. */
import type { Knex } from "knex";

import { query } from "../../../../core/mod.ts";
import type { RowChange } from "../../../../core/db/dry_run/run_dry.ts";

type Row = Record<string, unknown>;

/** The rows by table and primary key. */
export type HotelRows = ReadonlyMap<string, { readonly table: string; readonly row: Row }>;

interface Table {
  readonly name: string;
  readonly key: readonly string[];
}

/** Returns the tables of the schema and the columns of their primary keys. */
export async function readTables(owner: Knex): Promise<Table[]> {
  return query<Table>(
    owner,
    `SELECT 'pms.' || c.relname AS name, array_agg(a.attname::text ORDER BY a.attnum) AS key
     FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
     WHERE c.relnamespace = 'pms'::regnamespace AND c.relkind = 'r' GROUP BY c.relname ORDER BY c.relname`,
    [],
  );
}

/** Reads the rows as a dry run shows them: amounts with decimals are texts. */
export async function readRows(owner: Knex, tables: readonly Table[], hotelId: string): Promise<HotelRows> {
  const parts = tables.map(
    ({ name }) => `SELECT '${name}' AS "table", to_jsonb(t)::text AS row FROM ${name} t
    WHERE t.hotel_id = :hotelId`,
  );
  const found = await query<{ table: string; row: string }>(owner, parts.join(" UNION ALL "), { hotelId });
  const keys = new Map(tables.map(({ name, key }) => [name, key]));
  return new Map(
    found.map(({ table, row: text }) => {
      const row = JSON.parse(text.replaceAll(/: (-?\d+\.\d+)(?=[,}])/g, ': "$1"')) as Row;
      const key = (keys.get(table) ?? []).map((column) => row[column]);
      return [`${table} ${JSON.stringify(key)}`, { table, row }];
    }),
  );
}

/** Returns the rows that differ between two readings, as a dry run would list them, in any order. */
export function changesBetween(before: HotelRows, after: HotelRows): RowChange[] {
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys].flatMap((key): RowChange[] => {
    const [old, now] = [before.get(key), after.get(key)];
    if (JSON.stringify(old?.row) === JSON.stringify(now?.row)) return [];
    return [{ table: (old ?? now)?.table ?? "", before: old?.row ?? null, after: now?.row ?? null }];
  });
}

/** Matches the ids and the times that two runs of the same request make differently. */
const id = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

/**
 * Writes changes as sorted lines, in which new ids and new times have the same words.
 * @param before the reading before the changes, which has all old ids and times
 */
export function linesOf(changes: readonly RowChange[], before: HotelRows): string[] {
  const old = new Set([...before.values()].flatMap(({ row }) => textsIn(row)));
  const plain = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value === "object" && value !== null)
      return Object.fromEntries(
        Object.entries(value)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, part]) => [name, plain(part)]),
      );
    if (typeof value !== "string" || old.has(value)) return value;
    return id.test(value) ? "a new id" : instant.test(value) ? "a new time" : value;
  };
  return changes.map((change) => JSON.stringify(plain(change))).sort();
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
