/** The fatal checks of a boot. Each gives back faults, with their remedies, so that all of them are told at once. */
import type { Knex } from "knex";

import type { LoadedPlugin } from "./discovery.ts";
import { stopOnFaults } from "./env.ts";
import type { Columns, Manifest, PluginParts } from "./plugin.ts";

/** What a manifest alone can be faulted for. It is asked before a grant is made of it, in `npm run migrate` too. */
export function checkManifest({ id, requires = [], permissions }: Manifest): string[] {
  const tables = Object.keys(permissions?.tables ?? {}).flatMap((table) => {
    const owner = table.split(".")[0] ?? "";
    if (requires.includes(owner)) return [];
    const remedy = "take it out of permissions.tables";
    if (owner === id) return [`The plugin ${id} asks for ${table}, which it owns and has. Remedy: ${remedy}.`];
    if (owner === "core") return [`The plugin ${id} wants ${table}, which only the core has. Remedy: ${remedy}.`];
    return [
      `The plugin ${id} wants ${table}, a table of a plugin that it does not require. Remedy: requires: ["${owner}"] in its manifest, or ${remedy}.`,
    ];
  });
  const jobs = (permissions?.jobs ?? [])
    .filter(({ name }) => !/^[a-z][a-z0-9_]*\.[a-z0-9-]+$/.test(name))
    .map(({ name }) => `The plugin ${id} names a job "${name}". Remedy: plugin.verb-noun, such as ${id}.write-list.`);
  return [...tables, ...jobs];
}

/** Routes, jobs and the authenticator: declared once each, and complete. */
export function checkParts(
  plugins: readonly LoadedPlugin[],
  parts: ReadonlyMap<string, PluginParts>,
  known: ReadonlySet<string>,
): string[] {
  return [...checkRoutes(plugins, parts), ...checkJobs(plugins, parts, known), ...checkAuthenticator(parts)];
}

function checkRoutes(plugins: readonly LoadedPlugin[], parts: ReadonlyMap<string, PluginParts>): string[] {
  const faults: string[] = [];
  const seen = new Map<string, string>();
  for (const { manifest } of plugins) {
    for (const route of parts.get(manifest.id)?.routes ?? []) {
      const address = `${route.method} ${route.path.replace(/\/$/, "").replaceAll(/\{\w+\}/g, "{}")}`;
      const access: unknown = route.access;
      if (access !== "public" && !(Array.isArray(access) && access.length > 0)) {
        faults.push(`${address} of ${manifest.id} has no access rule. Remedy: access: "public" or a list of roles.`);
      }
      if (access === "public" && route.unit === "tenant") {
        faults.push(`${address} of ${manifest.id} is public and has no tenant. Remedy: unit: "platform" or "none".`);
      }
      if (route.unit === "platform" && manifest.permissions?.platform === undefined) {
        faults.push(
          `${address} of ${manifest.id} works across tenants. Remedy: permissions.platform in its manifest, with the reason.`,
        );
      }
      for (const key of [address, `operation ${route.id}`]) {
        const twin = seen.get(key);
        if (twin !== undefined)
          faults.push(`${key} is declared by ${twin} and by ${manifest.id}. Remedy: rename or remove one.`);
        seen.set(key, manifest.id);
      }
    }
  }
  return faults;
}

function checkJobs(
  plugins: readonly LoadedPlugin[],
  parts: ReadonlyMap<string, PluginParts>,
  known: ReadonlySet<string>,
): string[] {
  const faults: string[] = [];
  const handled = new Map<string, string[]>();
  for (const { manifest } of plugins) {
    for (const { job } of parts.get(manifest.id)?.jobs ?? []) {
      handled.set(job.name, [...(handled.get(job.name) ?? []), manifest.id]);
      if (job.name.split(".")[0] !== manifest.id) {
        faults.push(
          `${manifest.id} handles ${job.name}, a job of another plugin. Remedy: name it ${manifest.id}.…, or move the handler.`,
        );
      }
    }
  }
  for (const [name, by] of handled) {
    if (by.length > 1)
      faults.push(`The job ${name} has ${by.length} handlers, of ${[...new Set(by)].join(" and ")}. Remedy: keep one.`);
  }
  for (const { manifest } of plugins) {
    for (const { name } of manifest.permissions?.jobs ?? []) {
      const owner = name.split(".")[0] ?? "";
      const ownerIsHere = plugins.some((plugin) => plugin.manifest.id === owner);
      if (!known.has(owner) || (ownerIsHere && !handled.has(name))) {
        faults.push(
          `${manifest.id} may enqueue ${name}, which nobody handles. Remedy: handleJob(${name}) in the jobs of ${owner}.`,
        );
      }
    }
  }
  return faults;
}

function checkAuthenticator(parts: ReadonlyMap<string, PluginParts>): string[] {
  const owners = [...parts].filter(([, part]) => part.authenticator !== undefined).map(([id]) => id);
  const needed = [...parts]
    .filter(([, part]) => part.routes?.some((route) => route.access !== "public"))
    .map(([id]) => id);
  if (owners.length > 1) return [`${owners.join(" and ")} both say who is calling. Remedy: keep one authenticator.`];
  if (owners.length === 0 && needed.length > 0)
    return [
      `${needed.join(" and ")} must know who is calling, and no plugin here says so. Remedy: the plugin with the authenticator in the requires of the manifest.`,
    ];
  return [];
}

/**
 * Every table and column that a manifest asks for exists.
 * @param database as the owner, or a unit of work as the core
 * @throws BootError
 */
export async function checkTables(database: Pick<Knex, "raw">, plugins: readonly LoadedPlugin[]): Promise<void> {
  const wanted = plugins.flatMap(({ manifest }) =>
    Object.entries(manifest.permissions?.tables ?? {}).map(([table, grant]) => ({
      id: manifest.id,
      table,
      columns: [grant.select, grant.insert, grant.update].flatMap((columns: Columns | undefined) =>
        columns === undefined || columns === "*" ? [] : columns,
      ),
    })),
  );
  const { rows } = (await database.raw(
    `SELECT n.nspname || '.' || c.relname AS table, array_agg(a.attname::text) AS columns
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE n.nspname = ANY(?) AND c.relkind IN ('r', 'v', 'p', 'm') GROUP BY 1`,
    [["core", ...plugins.map(({ manifest }) => manifest.id)]],
  )) as { rows: { table: string; columns: string[] }[] };
  const present = new Map(rows.map(({ table, columns }) => [table, new Set(columns)]));
  const faults = wanted.flatMap(({ id, table, columns }) => {
    const there = present.get(table);
    if (there === undefined)
      return [
        `${id} wants ${table}, which does not exist. Remedy: correct permissions.tables in its manifest, or run npm run migrate.`,
      ];
    return [...new Set(columns)]
      .filter((column) => !there.has(column))
      .map(
        (column) =>
          `${id} wants ${table} (${column}), which does not exist. Remedy: correct permissions.tables in its manifest, or run npm run migrate.`,
      );
  });
  stopOnFaults(faults);
}
