/**
 * Searches PostgreSQL's catalog for gaps in tenant isolation that a mistake in a plugin's migration has left. It
 * searches the plugins' schemas. It can't stop a malicious migration, because that runs as the owner.
 */
import type { Knex } from "knex";

import type { LoadedPlugin } from "../../plugin/contract.ts";
import { stopOnFaults } from "../../config/env.ts";
import { platformGroup } from "../role_names.ts";
import { query } from "../query.ts";

interface Finding {
  readonly kind: "open table" | "open policy" | "view" | "materialized view" | "definer";
  readonly plugin: string;
  readonly object: string;
}

/**
 * A tenant column is a column that a `tenant_wall` policy of any table compares. A table with such a column and
 * without the policy was forgotten. A view reads as its owner unless it has security_invoker (PostgreSQL 15). A
 * materialized view keeps rows without row-level security. A SECURITY DEFINER function runs as the owner, and so does
 * one that sets a role.
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
  SELECT 'open policy', plugin, object || ' (' || p.polname || ')'
  FROM tenant_table t JOIN pg_policy p ON p.polrelid = t.oid
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

/** @throws BootError with all gaps in tenant isolation */
export async function checkTenantIsolation(owner: Knex, plugins: readonly LoadedPlugin[]): Promise<void> {
  const ids = plugins.map(({ manifest }) => manifest.id);
  const rows = await query<Finding>(owner, findings, [ids, ids]);
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
            `The plugin ${id} names the definer ${name}, but has no SECURITY DEFINER function of that name. ` +
            "Remedy: remove it from permissions.definers.",
        ),
    ),
  ]);
}

function faultOf({ kind, plugin, object }: Finding): string {
  const name = `${plugin}.${object}`;
  const owner = `of the plugin ${plugin}`;
  switch (kind) {
    case "open table":
      return (
        `The table ${name} ${owner} has a tenant column and no tenant isolation. ` +
        "Remedy: call tenantTable() in its migration."
      );
    case "open policy":
      return (
        `A policy ${owner} opens ${name} to every tenant. ` +
        `Remedy: compare with core.tenant_id(), or grant it to ${platformGroup} only.`
      );
    case "view":
      return (
        `The view ${name} ${owner} reads rows of all tenants. ` +
        "Remedy: WITH (security_invoker = true) from PostgreSQL 15 on, no view before that."
      );
    case "materialized view":
      return (
        `The materialized view ${name} ${owner} keeps rows of all tenants without isolation. ` +
        "Remedy: use a table with tenantTable()."
      );
    case "definer":
      return (
        `The function ${name} ${owner} runs past tenant isolation. ` +
        "Remedy: remove SECURITY DEFINER and SET of a role, " +
        `or name ${object} in permissions.definers of its manifest, with the reason.`
      );
  }
}
