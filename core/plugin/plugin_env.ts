/** The environment variables of one plugin: those that its manifest names, checked. */
import * as z from "zod";

import { type CoreEnv, localSecret, type Variables } from "../config/env.ts";
import type { LoadedPlugin } from "./contract.ts";

/**
 * The slice of one plugin: what its manifest names, checked and frozen. A variable that is marked as a `localSecret`
 * and not set is made up on a machine that is not in production, as `SECRET_KEY` is.
 */
export function readPluginEnv(
  plugin: LoadedPlugin,
  variables: Variables,
  core: CoreEnv | undefined,
  faults: string[],
): Readonly<Record<string, unknown>> {
  const { id, permissions } = plugin.manifest;
  const slice: Record<string, unknown> = {};
  const urls = new Set((permissions?.net ?? []).flatMap((entry) => (typeof entry === "string" ? [] : [entry.env])));
  for (const [name, schema] of Object.entries(permissions?.env ?? {})) {
    const given = variables[name] ?? localValue(name, schema, core);
    const { value, fault } = fit(schema, given);
    if (fault === undefined) slice[name] = value;
    if (fault !== undefined) {
      const why = given === undefined ? "is missing" : withoutValues(fault, [given]);
      faults.push(
        `${name} ${why ?? "does not fit"} (the plugin ${id} reads it). Remedy: set it as docs/production.md says.`,
      );
    } else if (urls.has(name) && value !== undefined && !isHttpUrl(value)) {
      faults.push(
        `${name} is not an http:// or https:// URL, and the plugin ${id} calls its host. Remedy: set it to one, or take { env: "${name}" } out of permissions.net.`,
      );
    }
  }
  return Object.freeze(slice);
}

/**
 * A schema is a plugin's code: it may throw, or want to be waited for. What it throws is not told, for it may quote
 * the value.
 */
function fit(schema: z.ZodType, given: string | undefined): { readonly value?: unknown; readonly fault?: string } {
  try {
    const { success, data, error } = schema.safeParse(given);
    return success ? { value: data } : { fault: error.issues[0]?.message ?? "does not fit" };
  } catch (error) {
    if (error instanceof z.core.$ZodAsyncError) return { fault: "has a schema that is to be waited for, and none is" };
    return { fault: "has a schema that throws" };
  }
}

function isHttpUrl(value: unknown): boolean {
  return typeof value === "string" && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}

/** The words of a plugin's code, unless they quote a variable or a part of one: it may be a secret. */
export function withoutValues(words: string, values: readonly unknown[]): string | undefined {
  const parts = values.flat().flatMap((value) => (typeof value === "string" ? value.split(/[\s,;]+/) : []));
  return parts.some((part) => part.length > 3 && words.includes(part)) ? undefined : words;
}

function localValue(name: string, schema: z.ZodType, core: CoreEnv | undefined): string | undefined {
  if (core === undefined || core.NODE_ENV === "production") return undefined;
  if (name === "SECRET_KEY") return core.SECRET_KEY;
  const prefix = schema.meta()?.["localSecret"];
  return typeof prefix === "string" ? localSecret(core.DATA_DIR, name.toLowerCase(), prefix) : undefined;
}
