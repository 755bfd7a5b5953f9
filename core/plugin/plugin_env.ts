/** Reads and checks the environment variables that one plugin's manifest names. */
import * as z from "zod";

import { type CoreEnv, localSecret, type Variables } from "../config/env.ts";
import type { LoadedPlugin } from "./contract.ts";

/** The variables of a plugin in a frozen object, and a fault for each one that is invalid or missing. */
interface PluginReading {
  readonly slice: Readonly<Record<string, unknown>>;
  readonly faults: readonly string[];
}

/**
 * Reads the variables of one plugin. A variable that is marked as
 * `localSecret` gets a random value if it is not set, except in production. `SECRET_KEY` works the same way.
 */
export function readPluginEnv(plugin: LoadedPlugin, variables: Variables, core: CoreEnv | undefined): PluginReading {
  const faults: string[] = [];
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
        `${name} ${why ?? "is invalid"} (the plugin ${id} reads it). Remedy: set it as docs/production.md says.`,
      );
    } else if (urls.has(name) && value !== undefined && !isHttpUrl(value)) {
      faults.push(
        `${name} must be an http:// or https:// URL, because the plugin ${id} calls its host. ` +
          `Remedy: correct it, or remove \`{ env: "${name}" }\` from permissions.net.`,
      );
    }
  }
  return { slice: Object.freeze(slice), faults };
}

/**
 * Checks a value by a plugin's schema, which is code that can throw or be asynchronous. The message leaves out its
 * error, because it can quote a secret value.
 */
function fit(schema: z.ZodType, given: string | undefined): { readonly value?: unknown; readonly fault?: string } {
  try {
    const { success, data, error } = schema.safeParse(given);
    return success ? { value: data } : { fault: error.issues[0]?.message ?? "is invalid" };
  } catch (error) {
    if (error instanceof z.core.$ZodAsyncError) return { fault: "has an asynchronous schema, which is not supported" };
    return { fault: "has a schema that throws" };
  }
}

function isHttpUrl(value: unknown): boolean {
  return typeof value === "string" && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}

/** Returns a text of a plugin's code, or undefined if it quotes a part of a variable, which can be a secret. */
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
