import type { Knex } from "knex";

/**
 * Puts a table of a plugin behind the tenant wall. Called in the migration that makes the table.
 *
 * - A tenant's unit of work sees and writes the rows whose tenant column equals the tenant set at BEGIN; with none set,
 *   no row at all (`core.tenant_id()` is then NULL, and a comparison with NULL is never true).
 * - A role that may work across tenants (a member of `keyrack_platform`) sees all of them.
 * - FORCE: the wall stands before the owner of the table too.
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
