/**
 * Converts a manifest to JSON and back. A process that can run the plugin's code sends it to one that can't. The
 * schemas of variables and payloads are code and are left out.
 */
import * as z from "zod";

import { checkManifest } from "./checks.ts";
import { manifestShapeFaults } from "./manifest_schema.ts";
import type { Manifest } from "./manifest.ts";

const columns = z.union([z.literal("*"), z.array(z.string())]).exactOptional();

const manifestData = z.strictObject({
  id: z.string(),
  summary: z.string(),
  requires: z.array(z.string()).exactOptional(),
  web: z.strictObject({ calls: z.array(z.string()) }).exactOptional(),
  permissions: z
    .strictObject({
      /** For each variable, the prefix of its `localSecret`, or null. */
      env: z.record(z.string(), z.string().nullable()).exactOptional(),
      net: z.array(z.union([z.string(), z.strictObject({ env: z.string() })])).exactOptional(),
      tables: z
        .record(
          z.string(),
          z.strictObject({
            select: columns,
            insert: columns,
            update: columns,
            delete: z.literal(true).exactOptional(),
          }),
        )
        .exactOptional(),
      /** The names of the jobs. */
      jobs: z.array(z.string()).exactOptional(),
      crossTenant: z.string().exactOptional(),
      files: z.strictObject({ reason: z.string(), location: z.string().exactOptional() }).exactOptional(),
      definers: z.record(z.string(), z.string()).exactOptional(),
    })
    .exactOptional(),
});

/** The result of reading one plugin: its manifest, or its faults. */
export const readingSchema = z.union([
  z.strictObject({ manifest: manifestData }),
  z.strictObject({ faults: z.array(z.string()).min(1) }),
]);
export type Reading = z.output<typeof readingSchema>;

/** Checks a manifest in the process that evaluated it, and returns its data or its faults. */
export function readingOf(manifest: Manifest): Reading {
  const misshapen = manifestShapeFaults(manifest);
  const faults = misshapen.length > 0 ? misshapen : checkManifest(manifest);
  if (faults.length > 0) return { faults };
  const { permissions, ...words } = manifest;
  if (permissions === undefined) return { manifest: manifestData.parse(jsonOf(words)) };
  const { env = {}, jobs = [], ...rest } = permissions;
  const prefixes = Object.entries(env).map(([name, schema]) => [name, prefixOf(schema)] as const);
  const data = { ...rest, env: Object.fromEntries(prefixes), jobs: jobs.map(({ name }) => name) };
  return { manifest: manifestData.parse(jsonOf({ ...words, permissions: data })) };
}

/** Removes members that are undefined, because JSON can't express them. */
function jsonOf(value: object): unknown {
  return JSON.parse(JSON.stringify(value));
}

function prefixOf(schema: z.ZodType): string | null {
  const prefix = schema.meta()?.["localSecret"];
  return typeof prefix === "string" ? prefix : null;
}

/** Makes a manifest from its data. Its schemas accept any value, because the plugin's own process checks the values. */
export function manifestOf({ permissions, ...words }: z.output<typeof manifestData>): Manifest {
  if (permissions === undefined) return words;
  const { env = {}, jobs = [], ...rest } = permissions;
  const schemas = Object.entries(env).map(([name, prefix]) => [name, schemaFor(prefix)] as const);
  return {
    ...words,
    permissions: {
      ...rest,
      env: Object.fromEntries(schemas),
      jobs: jobs.map((name) => ({ name, payload: z.unknown(), attempts: 1 })),
    },
  };
}

function schemaFor(prefix: string | null): z.ZodType {
  const schema = z.string().optional();
  return prefix === null ? schema : schema.meta({ localSecret: prefix });
}
