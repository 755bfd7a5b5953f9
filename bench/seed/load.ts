/**
 * Loads the seed in one transaction: all of it or nothing. It first drops the indexes and constraints of the big
 * tables that are costly row by row. It restores them after the load from PostgreSQL's own definitions. That
 * checks every row: each reference, and that no two parties share a room and a night.
 */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { from as copyFrom } from "pg-copy-streams";

import { dayNumber, type DayNumber } from "./days.ts";
import type { SeedHotel } from "./hotels.ts";
import { entryTables, hotelTables } from "./rows.ts";
import { entriesBy } from "./stays.ts";

export interface SeedPlan {
  readonly hotels: readonly SeedHotel[];
  /** The business date of all hotels. */
  readonly day: string;
  /** The managers' password, hashed. */
  readonly passwordHash: string;
  /** Stored with each hotel, so that its scale and day can be read. */
  readonly remark: string;
}

export type Say = (line: string) => void;

/** A dropped index or constraint, and the statement that restores it. */
interface Part {
  readonly name: string;
  readonly drop: string;
  readonly create: string;
}

/** Loads a plan. @returns rows by table @throws if any row of it exists already */
export async function loadSeed(url: string, plan: SeedPlan, say: Say): Promise<Map<string, number>> {
  const client = new pg.Client({ connectionString: url, application_name: "keyrack seed" });
  await client.connect();
  try {
    await client.query("BEGIN");
    await client.query("SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'");
    await client.query("SET LOCAL maintenance_work_mem = '512MB'; SET LOCAL max_parallel_maintenance_workers = 2");
    const tables = [...Object.keys(hotelTables), ...Object.keys(entryTables)];
    // COPY refuses a login to which row-level security applies, and it applies to an owner without superuser
    // rights.
    for (const table of tables) await client.query(`ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY`);
    const parts = await costlyParts(client, Object.keys(entryTables));
    for (const part of parts) await client.query(part.drop);
    const counts = await copyAll(client, plan, say);
    for (const part of [...parts].reverse()) await timed(say, part.name, () => client.query(part.create));
    for (const table of tables) await client.query(`ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`);
    await timed(say, "commit", () => client.query("COMMIT"));
    for (const table of tables)
      await timed(say, `vacuum and analyze ${table}`, () => client.query(`VACUUM ANALYZE ${table}`));
    return counts;
  } finally {
    // A failure rolls all of this back.
    await client.end();
  }
}

async function timed(say: Say, name: string, work: () => Promise<unknown>): Promise<void> {
  const started = performance.now();
  await work();
  say(`  ${name} (${seconds(started)})`);
}

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** Foreign keys are dropped first. The restoration in reverse order therefore finds their indexes. */
async function costlyParts(client: pg.Client, tables: readonly string[]): Promise<Part[]> {
  const { rows: constraints } = await client.query<{ table: string; name: string; definition: string }>(
    `SELECT conrelid::regclass::text AS table, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition
     FROM pg_constraint WHERE conrelid = ANY($1::regclass[]) AND contype IN ('f', 'x') AND conparentid = 0
     ORDER BY contype = 'x', conname`,
    [tables],
  );
  const { rows: indexes } = await client.query<{ name: string; definition: string }>(
    `SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition
     FROM pg_index i WHERE i.indrelid = ANY($1::regclass[])
       AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x'))
     ORDER BY name`,
    [tables],
  );
  return [
    ...constraints.map(({ table, name, definition }) => ({
      name: `constraint ${name} of ${table}`,
      drop: `ALTER TABLE ${table} DROP CONSTRAINT ${name}`,
      create: `ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition}`,
    })),
    ...indexes.map(({ name, definition }) => ({
      name: `index ${name}`,
      drop: `DROP INDEX ${name}`,
      create: definition,
    })),
  ];
}

async function copyAll(client: pg.Client, plan: SeedPlan, say: Say): Promise<Map<string, number>> {
  const today = dayNumber(plan.day);
  const counts = new Map<string, number>();
  for (const [table, { columns, rows }] of Object.entries(hotelTables)) {
    const lines = plan.hotels.flatMap((hotel) => rows(hotel, today, plan.passwordHash, plan.remark));
    counts.set(table, await copy(client, table, columns, [lines.join("")]));
    say(`  ${table}: ${counts.get(table)} rows`);
  }
  for (const table of Object.keys(entryTables)) {
    const started = performance.now();
    const { columns } = entryTables[table] as (typeof entryTables)[string];
    const count = await copy(client, table, columns, entryChunks(table, plan.hotels, today, say));
    counts.set(table, count);
    say(`  ${table}: ${count} rows (${seconds(started)})`);
  }
  return counts;
}

/** The rows of a table in chunks of 256 KB, a good size for COPY. Prints its progress every ten seconds. */
function* entryChunks(table: string, hotels: readonly SeedHotel[], today: DayNumber, say: Say): Generator<string> {
  const all = hotels.reduce((sum, hotel) => sum + hotel.bookings, 0);
  const { rows } = entryTables[table] as (typeof entryTables)[string];
  let [done, chunk, said] = [0, "", performance.now()];
  for (const entries of entriesBy(hotels, today)) {
    done += entries.stays.length;
    for (const row of rows(entries, today)) chunk += row;
    if (chunk.length < 262_144) continue;
    yield chunk;
    chunk = "";
    if (performance.now() - said < 10_000) continue;
    said = performance.now();
    say(`  ${table}: those of ${done} of ${all} bookings`);
  }
  if (chunk !== "") yield chunk;
}

/** @returns the rows that PostgreSQL stored */
async function copy(client: pg.Client, table: string, columns: string, chunks: Iterable<string>): Promise<number> {
  const stream = client.query(copyFrom(`COPY ${table} (${columns}) FROM STDIN (ENCODING 'UTF8')`));
  await pipeline(Readable.from(chunks, { objectMode: true, highWaterMark: 4 }), stream);
  return stream.rowCount;
}
