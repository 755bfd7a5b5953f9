import type { Knex } from "knex";

/**
 * Isolates the tenants' rows in a table of a plugin. Call it in the migration that creates the table.
 *
 * - A tenant's transaction sees and writes the rows whose tenant column equals the tenant that was set at BEGIN.
 * - Without a tenant it sees no row, because `core.tenant_id()` is NULL and a comparison with NULL is never true.
 * - A cross-tenant role (a member of `keyrack_platform`) sees all rows.
 * - FORCE applies the policies to the owner of the table too.
 */
export async function tenantTable(knex: Knex, schema: string, table: string, tenantColumn: string): Promise<void> {
  const [name, column] = [`${schema}.${table}`, tenantColumn];
  await knex.raw(
    `ALTER TABLE ?? ENABLE ROW LEVEL SECURITY;
     ALTER TABLE ?? FORCE ROW LEVEL SECURITY;
     CREATE POLICY tenant_wall ON ?? USING (?? = core.tenant_id()) WITH CHECK (?? = core.tenant_id());
     CREATE POLICY platform_work ON ?? TO keyrack_platform USING (true) WITH CHECK (true);`,
    [name, name, name, column, column, name],
  );
}
