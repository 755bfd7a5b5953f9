/**
 * `deno.json`: the permission sets of the Procfile's processes, written by `npm run permissions -- --write`. It is
 * committed, so that a manifest that asks for more is seen in a review as more in this file.
 */
import { readFileSync } from "node:fs";
import path from "node:path";

import { findAllPlugins } from "../boot.ts";
import { pluginsFolder } from "../plugin/discovery.ts";
import type { LoadedPlugin } from "../plugin/contract.ts";
import { stopOnFaults } from "../config/env.ts";
import { type ProcfileLine, readProcfile } from "../process/procfile.ts";
import { kindOf, type ProcessKind, root } from "./core_needs.ts";
import { defaults, type Need, type PermissionSet, permissionSet } from "./permission_set.ts";

type Variables = Readonly<Record<string, string | undefined>>;

export const denoJson = path.join(root, "deno.json");
export const procfile = path.join(root, "Procfile");

/** One process of the Procfile. */
export interface DenoProcess {
  readonly name: string;
  readonly script: string;
  readonly set: PermissionSet;
}

/** Every plugin here: the shipped ones and those of `PLUGIN_PATH`. @throws BootError */
export async function findPlugins(variables: Variables, find = findAllPlugins): Promise<readonly LoadedPlugin[]> {
  const more = variables["PLUGIN_PATH"]?.split(path.delimiter).filter((folder) => folder !== "") ?? [];
  const roots = [pluginsFolder, ...more.map((folder) => path.resolve(folder))];
  const { plugins, faults } = await find(roots, undefined);
  stopOnFaults(faults);
  return plugins;
}

/**
 * The processes of the Procfile as `deno.json` has them: on a machine where nothing is set but perhaps `PLUGIN_PATH`.
 */
export function staticProcesses(plugins: readonly LoadedPlugin[], variables: Variables): DenoProcess[] {
  const { PLUGIN_PATH } = variables;
  return readProcfile(procfile).map((line) =>
    processOf(line, plugins, { ...defaults, PLUGIN_PATH, ...line.variables }),
  );
}

/** @throws BootError for a line that runs neither program */
export function processOf(line: ProcfileLine, plugins: readonly LoadedPlugin[], variables: Variables): DenoProcess {
  const script = line.args.at(-1) ?? "";
  const kind: ProcessKind | undefined = kindOf[script];
  if (kind === undefined) {
    stopOnFaults([
      `The Procfile's ${line.name} runs ${script}, whose needs on Deno nobody named. Remedy: kindOf in core/deno/core_needs.ts.`,
    ]);
  }
  return { name: line.name, script, set: permissionSet(kind as ProcessKind, plugins, variables) };
}

/** The text of `deno.json`, laid out as oxfmt does. */
export function denoJsonText(processes: readonly DenoProcess[]): string {
  const values = (needs: readonly Need[]): string[] | false =>
    needs.length === 0 ? false : needs.map(({ value }) => value);
  const sets = processes.map(({ name, set }) => [
    name,
    {
      read: values(set.read),
      write: values(set.write),
      // A name that is not allowed reads as not set: libraries ask for many.
      env: { allow: values(set.env), ignore: true },
      net: values(set.net),
      sys: values(set.sys),
      ffi: values(set.ffi),
      run: false,
      // Deno allows some hosts where none is named, and `false` and `[]` count as none.
      import: ["nowhere.invalid:443"],
    },
  ]);
  // The npm packages are those of package-lock.json, and no process fetches another.
  const content = { nodeModulesDir: "manual", lock: false, permissions: Object.fromEntries(sets) as object };
  return `${layOut(content, "", 0)}\n`;
}

/** JSON with short arrays on one line. */
function layOut(value: unknown, indent: string, before: number): string {
  const flat = JSON.stringify(value, null, 1).replaceAll(/\n\s*/g, " ");
  if (typeof value !== "object" || value === null) return flat;
  const array = Array.isArray(value);
  const tight = array ? flat.replaceAll(/^\[ | \]$/g, (edge) => edge.trim()) : flat;
  // One column for the comma that may follow.
  if (array && indent.length + before + tight.length < 120) return tight;
  const inner = `${indent}  `;
  const items = array
    ? value.map((item) => inner + layOut(item, inner, 0))
    : Object.entries(value).map(([key, item]) => `${inner}"${key}": ${layOut(item, inner, key.length + 4)}`);
  return `${array ? "[" : "{"}\n${items.join(",\n")}\n${indent}${array ? "]" : "}"}`;
}

/** What is wrong with the `deno.json` on disk: nothing, or one fault with its remedy. */
export function faultsOfDenoJson(text: string): string[] {
  let found: string | undefined;
  try {
    found = readFileSync(denoJson, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  if (found === text) return [];
  const why = found === undefined ? "deno.json is missing." : "deno.json is not what the manifests add up to.";
  return [`${why} Remedy: npm run permissions -- --write, and look at what changed.`];
}
