/** For tests: writes all rows that billing has made of its events as text, to compare byte for byte. */
import type { Knex } from "knex";

import { ledgerTables } from "../entitlement/ledger_tables.ts";

/** All rows of the derived tables, the hotels' `valid_to`, and each event's outcome. */
export async function stateText(owner: Knex): Promise<string> {
  const parts: string[] = [];
  const sources = [
    ...ledgerTables.map((table) => `SELECT t::text AS line FROM ${table} t ORDER BY 1`),
    "SELECT concat_ws(' ', hotel_id, valid_to, subscription_valid) AS line FROM identity.hotels ORDER BY 1",
    `SELECT (event_id, status, status_reason, hotel_id, customer_id, subscription_id, waits_for, fetched)::text AS line
       FROM billing.stripe_events ORDER BY 1`,
  ];
  for (const sql of sources) {
    const { rows } = (await owner.raw(sql)) as { rows: { line: string }[] };
    parts.push(...rows.map(({ line }) => line), "--");
  }
  return parts.join("\n");
}

/** Waits, with `eventually`, until no job is left that could still change an event. */
export async function isSettled(owner: Knex): Promise<true | undefined> {
  const { rows } = (await owner.raw(
    "SELECT count(*)::int AS jobs FROM core.outbox WHERE dead_at IS NULL AND failures = 0",
  )) as { rows: [{ jobs: number }] };
  return rows[0].jobs === 0 ? true : undefined;
}
