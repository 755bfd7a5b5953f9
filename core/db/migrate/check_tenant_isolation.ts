/**
 * Reads PostgreSQL's catalogue for what would go round the tenant wall by a mistake in a plugin's migration. It looks at
 * the plugins' schemas; a migration that means harm runs as the owner and is held by no wall.
 */
import type { Knex } from "knex";

import type { LoadedPlugin } from "../../plugin/contract.ts";
import { stopOnFaults } from "../../config/env.ts";
import { platformGroup } from "../role_names.ts";

interface Finding {
  readonly kind: "open table" | "open policy" | "view" | "materialized view" | "definer";
  readonly plugin: string;
  readonly object: string;
}

/**
 * A tenant's column is one that a `tenant_wall` of any table refers to: a table that has a column of that name, and no
 * wall, was forgotten. A view reads as its owner where it does not say otherwise (PostgreSQL 15), and a materialized one
 * keeps rows that no wall stands before. A SECURITY DEFINER function runs as the owner; so does one that sets a role.
 */
const findings = `
  WITH relation AS (
    SELECT c.oid, n.nspname AS plugin, c.relname AS object, c.relkind, c.reloptions,
      c.relrowsecurity AND c.relforcerowsecurity AS forced
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY(?)
  ), tenant_column AS (
    SELECT DISTINCT a.attname FROM pg_policy p JOIN relation r ON r.oid = p.polrelid
    JOIN pg_depend d ON d.classid = 'pg_policy'::regclass AND d.objid = p.oid
      AND d.refclassid = 'pg_class'::regclass AND d.refobjid = r.oid
    JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = d.refobjsubid AND a.attnum > 0
    WHERE p.polname = 'tenant_wall'
  ), tenant_table AS (
    SELECT r.* FROM relation r WHERE r.relkind IN ('r', 'p', 'f') AND EXISTS (
      SELECT FROM pg_attribute a JOIN tenant_column USING (attname) WHERE a.attrelid = r.oid AND NOT a.attisdropped)
  )
  SELECT 'open table' AS kind, plugin, object FROM tenant_table t
  WHERE NOT forced OR NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid)
  UNION ALL
  SELECT 'open policy', plugin, object || ' (' || p.polname || ')' FROM tenant_table t JOIN pg_policy p ON p.polrelid = t.oid
  WHERE p.polpermissive
    AND concat(pg_get_expr(p.polqual, t.oid), pg_get_expr(p.polwithcheck, t.oid)) !~ '\\mcore\\.tenant_id\\(\\)'
    AND NOT EXISTS (SELECT WHERE 0 <> ALL(p.polroles)
      AND NOT EXISTS (SELECT FROM pg_roles g WHERE g.oid = ANY(p.polroles) AND g.rolname !~ '_platform$'))
  UNION ALL
  SELECT CASE relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END, plugin, object FROM relation
  WHERE relkind = 'm' OR relkind = 'v' AND NOT EXISTS (
    SELECT FROM pg_options_to_table(reloptions) WHERE option_name = 'security_invoker' AND option_value::boolean)
  UNION ALL
  SELECT DISTINCT 'definer', n.nspname, p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE n.nspname = ANY(?) AND (p.prosecdef OR EXISTS (
    SELECT FROM unnest(p.proconfig) setting WHERE setting ~ '^(role|session_authorization|row_security|keyrack\\..*)='))
  ORDER BY 2, 3`;

/** @throws BootError with everything that would go round the wall */
export async function checkTenantIsolation(owner: Knex, plugins: readonly LoadedPlugin[]): Promise<void> {
  const ids = plugins.map(({ manifest }) => manifest.id);
  const { rows } = (await owner.raw(findings, [ids, ids])) as { rows: Finding[] };
  const definersOf = (id: string): string[] =>
    Object.keys(plugins.find(({ manifest }) => manifest.id === id)?.manifest.permissions?.definers ?? {});
  const definers = new Set(
    rows.filter(({ kind }) => kind === "definer").map(({ plugin, object }) => `${plugin}.${object}`),
  );
  stopOnFaults([
    ...rows
      .filter(({ kind, plugin, object }) => kind !== "definer" || !definersOf(plugin).includes(object))
      .map(faultOf),
    ...ids.flatMap((id) =>
      definersOf(id)
        .filter((name) => !definers.has(`${id}.${name}`))
        .map(
          (name) =>
            `The plugin ${id} names the definer ${name}, which is no such function of its schema. Remedy: take it out of permissions.definers.`,
        ),
    ),
  ]);
}

function faultOf({ kind, plugin, object }: Finding): string {
  const thing = `${plugin}.${object}`;
  switch (kind) {
    case "open table":
      return `The table ${thing} of the plugin ${plugin} has a tenant's column and no wall. Remedy: tenantTable() in the migration that makes it.`;
    case "open policy":
      return `A policy of the plugin ${plugin} lets every tenant into ${thing}. Remedy: compare with core.tenant_id(), or let in ${platformGroup} alone.`;
    case "view":
      return `The view ${thing} of the plugin ${plugin} reads past the tenant wall. Remedy: WITH (security_invoker = true), from PostgreSQL 15 on; before that, no view.`;
    case "materialized view":
      return `The materialized view ${thing} of the plugin ${plugin} keeps all tenants' rows where no wall stands. Remedy: a table with tenantTable().`;
    case "definer":
      return `The function ${thing} of the plugin ${plugin} runs past the tenant wall. Remedy: no SECURITY DEFINER and no SET of a role; or permissions.definers: { ${object}: "the reason" } in its manifest.`;
  }
}
