/** Reads all rows of all tenants as the database's owner. An attack must neither change them nor show them. */
import { createHash } from "node:crypto";
import type { Knex } from "knex";

export interface TenantRows {
  /** A digest of each table's rows. Two readings of the same data are deeply equal. */
  readonly digests: Readonly<Record<string, string>>;
  /** Lists every id in the tenant's rows. */
  idsOf(tenantId: string): string[];
}

const tenantColumns = ["hotel_id", "tenant_id"];

/** Reads every table with a column of the tenant's id. */
export async function readTenantRows(owner: Knex): Promise<TenantRows> {
  const { rows: tables } = (await owner.raw(
    `SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name, quote_ident(a.attname) AS tenant_column
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = ANY(?) AND NOT a.attisdropped
     WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
    [tenantColumns],
  )) as { rows: { name: string; tenant_column: string }[] };
  const texts = new Map<string, string[]>();
  const digests: Record<string, string> = {};
  for (const { name, tenant_column: column } of tables) {
    const { rows } = (await owner.raw(`SELECT ${column} AS tenant, t::text AS row FROM ${name} t ORDER BY 2`)) as {
      rows: { tenant: string | null; row: string }[];
    };
    const hash = createHash("sha256");
    for (const { tenant, row } of rows) {
      hash.update(`${row}\n`);
      texts.set(tenant ?? "", [...(texts.get(tenant ?? "") ?? []), row]);
    }
    digests[name] = `${rows.length} rows, ${hash.digest("hex")}`;
  }
  return {
    digests,
    idsOf: (tenantId) => [
      ...new Set(
        (texts.get(tenantId) ?? []).flatMap(
          (row) => row.match(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g) ?? [],
        ),
      ),
    ],
  };
}
