/** Checks plugins at boot. Each check returns all its faults with their remedies, and any fault stops the boot. */
import type { Knex } from "knex";

import { checkScreens } from "./check_screens.ts";
import type { LoadedPlugin, PluginParts } from "./contract.ts";
import { stopOnFaults } from "../config/env.ts";
import { isNarrower, isReserved, overlap } from "../http/path_order.ts";
import type { Route } from "../http/route.ts";
import type { Columns, Manifest } from "./manifest.ts";
import { query } from "../db/query.ts";

/** Checks a manifest of the right shape by itself. `npm run migrate` also does this before it grants privileges. */
export function checkManifest(manifest: Manifest): string[] {
  const { id, requires = [], permissions } = manifest;
  const tables = Object.entries(permissions?.tables ?? {}).flatMap(([table, grant]) => {
    const [owner = ""] = table.split(".");
    const remedy = "remove it from permissions.tables";
    if (Object.keys(grant).length === 0)
      return [`The plugin ${id} asks for no privilege on ${table}. Remedy: add one, such as select, or ${remedy}.`];
    if (requires.includes(owner)) return [];
    if (owner === id) return [`The plugin ${id} asks for ${table}, which is its own table. Remedy: ${remedy}.`];
    if (owner === "core")
      return [`The plugin ${id} asks for ${table}, a table that only the core can use. Remedy: ${remedy}.`];
    return [
      `The plugin ${id} asks for ${table}, a table of a plugin that it does not require. ` +
        `Remedy: add "${owner}" to requires in its manifest, or ${remedy}.`,
    ];
  });
  const jobs = (permissions?.jobs ?? [])
    .filter(({ name }) => !/^[a-z][a-z0-9_]*\.[a-z0-9-]+$/.test(name))
    .map(
      ({ name }) =>
        `The plugin ${id} has a job with the invalid name "${name}". ` +
        `Remedy: name it plugin.verb-noun, such as ${id}.write-list.`,
    );
  return [...tables, ...jobs, ...checkNames(manifest)];
}

/** Checks that `permissions.env` has each variable that other permissions name, and that no job is listed twice. */
function checkNames({ id, permissions }: Manifest): string[] {
  const names = (permissions?.jobs ?? []).map(({ name }) => name);
  const twice = new Set(names.filter((name, at) => names.indexOf(name) !== at));
  const location = permissions?.files?.location;
  const asked = [
    ...(permissions?.net ?? []).flatMap((entry) => (typeof entry === "string" ? [] : [["net", entry.env] as const])),
    ...(location === undefined ? [] : [["files.location", location] as const]),
  ];
  return [
    ...[...twice].map(
      (name) => `The plugin ${id} names the job ${name} twice. Remedy: remove one from permissions.jobs.`,
    ),
    ...asked
      .filter(([, variable]) => !Object.hasOwn(permissions?.env ?? {}, variable))
      .map(
        ([where, variable]) =>
          `The plugin ${id} names ${variable} in permissions.${where}, but not in permissions.env. ` +
          `Remedy: add ${variable} to permissions.env.`,
      ),
  ];
}

/** Checks routes, jobs, the authenticator and screens across all plugins. */
export function checkParts(
  plugins: readonly LoadedPlugin[],
  parts: ReadonlyMap<string, PluginParts>,
  known: ReadonlySet<string>,
): string[] {
  return [
    ...checkRoutes(plugins, parts),
    ...checkJobs(plugins, parts, known),
    ...checkAuthenticator(parts),
    ...checkScreens(plugins, parts),
  ];
}

interface Declared {
  readonly id: string;
  readonly route: Route;
}

function checkRoutes(plugins: readonly LoadedPlugin[], parts: ReadonlyMap<string, PluginParts>): string[] {
  const faults: string[] = [];
  const seen = new Map<string, string>();
  const roles = [...parts.values()].find((part) => part.authenticator !== undefined)?.roles;
  const declared: Declared[] = [];
  for (const { manifest } of plugins) {
    const { id } = manifest;
    for (const route of parts.get(id)?.routes ?? []) {
      const address = `${route.method} ${route.path.replace(/\/$/, "").replaceAll(/\{\w+\}/g, "{}")}`;
      faults.push(...checkAccess({ id, route }, address, roles));
      if (route.transaction === "crossTenant" && manifest.permissions?.crossTenant === undefined) {
        faults.push(
          `${address} of ${id} works across tenants without permission. ` +
            "Remedy: add permissions.crossTenant to its manifest, with the reason.",
        );
      }
      if (isReserved(route.path)) {
        faults.push(
          `${address} of ${id} is reserved for the core. Remedy: choose a path that begins with another word.`,
        );
      }
      for (const key of [address, `operation ${route.id}`]) {
        const twin = seen.get(key);
        if (twin !== undefined)
          faults.push(`${key} is declared by ${twin} and by ${id}. Remedy: rename or remove one.`);
        else if (key === address) faults.push(...checkOverlap({ id, route }, declared));
        seen.set(key, id);
      }
      declared.push({ id, route });
    }
  }
  return [...faults, ...checkWaysBack(declared)];
}

/** Checks that each way back is a known operation, and that the answer of the change can name it. */
function checkWaysBack(declared: readonly Declared[]): string[] {
  const known = new Set(declared.map(({ route }) => route.id));
  return declared.flatMap(({ id, route: { id: operation, method, status, undo } }) => {
    if (undo === undefined) return [];
    if (method === "GET" || status === 204)
      return [
        `${operation} of ${id} has undo, and its answer can't name a way back. ` +
          "Remedy: remove undo from a read, and answer a change with a status other than 204.",
      ];
    return ("none" in undo ? [] : undo)
      .filter((back) => !known.has(back))
      .map((back) => `${operation} of ${id} has the unknown way back ${back}. Remedy: name the id of an operation.`);
  });
}

function checkAccess({ id, route }: Declared, address: string, roles: readonly string[] | undefined): string[] {
  const access: unknown = route.access;
  if (access === "public") {
    if (route.transaction !== "tenant") return [];
    return [`${address} of ${id} is public, so it has no tenant. Remedy: set transaction to "crossTenant" or "none".`];
  }
  if (!Array.isArray(access) || access.length === 0)
    return [`${address} of ${id} has no access rule. Remedy: set access to "public" or a list of roles.`];
  return access
    .filter((role) => typeof role !== "string" || role === "" || roles?.includes(role) === false)
    .map(
      (role) =>
        `${address} of ${id} allows the unknown role ${JSON.stringify(role)}. ` +
        `Remedy: write ${roles?.join(" or ") ?? "the name of a role"}.`,
    );
}

/**
 * Refuses two routes that match the same request. Inside one plugin, they are allowed if one of them is narrower: it
 * has a word where the other has a parameter. `pluginRouter` tries the narrower one first, in any order of declaration.
 * Without a narrower one, the order would decide. Across plugins, one plugin could take the requests of another.
 */
function checkOverlap({ id, route }: Declared, before: readonly Declared[]): string[] {
  return before
    .filter((other) => other.route.method === route.method && overlap(other.route.path, route.path))
    .filter(
      (other) =>
        other.id !== id || !(isNarrower(other.route.path, route.path) || isNarrower(route.path, other.route.path)),
    )
    .map(
      (other) =>
        `${route.method} ${route.path} of ${id} matches requests of ${other.route.path} of ${other.id}. ` +
        "Remedy: change one of the paths.",
    );
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
          `${manifest.id} handles ${job.name}, a job of another plugin. ` +
            `Remedy: rename the job to ${manifest.id}.…, or move the handler.`,
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
          `${manifest.id} can enqueue ${name}, which has no handler. ` +
            `Remedy: add handleJob(${name}) to the jobs of ${owner}.`,
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
  if (owners.length > 1) return [`${owners.join(" and ")} each have an authenticator. Remedy: keep one.`];
  if (owners.length === 0 && needed.length > 0)
    return [
      `Routes of ${needed.join(" and ")} need an authenticator, and no loaded plugin has one. ` +
        "Remedy: add the plugin with the authenticator to requires in the manifest.",
    ];
  return [];
}

/**
 * Checks that every table and column in the manifests exists.
 * @param database a connection of the owner, or a transaction of the core
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
  const rows = await query<{ table: string; columns: string[] }>(
    database,
    `SELECT n.nspname || '.' || c.relname AS table, array_agg(a.attname::text) AS columns
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE n.nspname = ANY(?) AND c.relkind IN ('r', 'v', 'p', 'm') GROUP BY 1`,
    [["core", ...plugins.map(({ manifest }) => manifest.id)]],
  );
  const present = new Map(rows.map(({ table, columns }) => [table, new Set(columns)]));
  const remedy = "Remedy: correct permissions.tables in its manifest, or run `npm run migrate`.";
  const faults = wanted.flatMap(({ id, table, columns }) => {
    const there = present.get(table);
    if (there === undefined) return [`${id} asks for ${table}, which does not exist. ${remedy}`];
    return [...new Set(columns)]
      .filter((column) => !there.has(column))
      .map((column) => `${id} asks for ${table} (${column}), which does not exist. ${remedy}`);
  });
  stopOnFaults(faults);
}
