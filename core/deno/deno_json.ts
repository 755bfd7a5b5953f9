/**
 * Makes `deno.json`, the permission sets of the Procfile's processes. `npm run permissions -- --write` writes the file.
 * It is committed, so that a review shows each permission that a manifest adds.
 */
import { readFileSync } from "node:fs";
import path from "node:path";

import { findAllPlugins } from "../boot.ts";
import { pluginsFolder } from "../plugin/discovery.ts";
import type { LoadedPlugin } from "../plugin/contract.ts";
import { stopOnFaults, foldersOf, type Variables, failBoot } from "../config/env.ts";
import { type ProcfileLine, readProcfile } from "../process/procfile.ts";
import { kindOf, type ProcessKind, root } from "./core_needs.ts";
import { defaults, type Need, type PermissionSet, permissionSet } from "./permission_set.ts";
import { memberOf } from "../values/unknown_value.ts";

export const denoJson = path.join(root, "deno.json");
export const procfile = path.join(root, "Procfile");

/** One process of the Procfile. */
export interface DenoProcess {
  readonly name: string;
  readonly script: string;
  readonly set: PermissionSet;
}

/** Finds the shipped plugins and those of `PLUGIN_PATH`. @throws BootError */
export async function findPlugins(variables: Variables, find = findAllPlugins): Promise<readonly LoadedPlugin[]> {
  const roots = [pluginsFolder, ...foldersOf(variables["PLUGIN_PATH"] ?? "")];
  const { plugins, faults } = await find(roots, undefined);
  stopOnFaults(faults);
  return plugins;
}

/**
 * Returns the processes of the Procfile as `deno.json` has them. They are those of a machine where no variable is set,
 * except perhaps `PLUGIN_PATH`.
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
    failBoot(
      `The line ${line.name} of the Procfile runs ${script}, which core/deno/core_needs.ts does not list. ` +
        "Remedy: add the script to kindOf there.",
    );
  }
  return { name: line.name, script, set: permissionSet(kind, plugins, variables) };
}

/** Returns the text of `deno.json`, in the layout of oxfmt. */
export function denoJsonText(processes: readonly DenoProcess[]): string {
  const values = (needs: readonly Need[]): string[] | false =>
    needs.length === 0 ? false : needs.map(({ value }) => value);
  const sets = processes.map(({ name, set }) => [
    name,
    {
      read: values(set.read),
      write: values(set.write),
      // A variable that is not allowed reads as not set, because libraries read many.
      env: { allow: values(set.env), ignore: true },
      net: values(set.net),
      sys: values(set.sys),
      ffi: values(set.ffi),
      run: false,
      // Deno allows imports from some hosts if none is named, and it takes `false` and `[]` for none.
      import: ["nowhere.invalid:443"],
    },
  ]);
  // The npm packages are those of package-lock.json, and no process fetches another.
  const permissions: object = Object.fromEntries(sets);
  const content = { nodeModulesDir: "manual", lock: false, permissions };
  return `${layOut(content, "", 0)}\n`;
}

/** Writes JSON with short arrays on one line. */
function layOut(value: unknown, indent: string, before: number): string {
  const flat = JSON.stringify(value, null, 1).replaceAll(/\n\s*/g, " ");
  if (typeof value !== "object" || value === null) return flat;
  const array = Array.isArray(value);
  const tight = array ? flat.replaceAll(/^\[ | \]$/g, (edge) => edge.trim()) : flat;
  // `<` and not `<=`: a comma can follow.
  if (array && indent.length + before + tight.length < 120) return tight;
  const inner = `${indent}  `;
  const items = array
    ? value.map((item) => inner + layOut(item, inner, 0))
    : Object.entries(value).map(([key, item]) => `${inner}"${key}": ${layOut(item, inner, key.length + 4)}`);
  return `${array ? "[" : "{"}\n${items.join(",\n")}\n${indent}${array ? "]" : "}"}`;
}

/** Compares `deno.json` on the disk with this text. Returns an empty list, or one fault with its remedy. */
export function faultsOfDenoJson(text: string): string[] {
  let found: string | undefined;
  try {
    found = readFileSync(denoJson, "utf8");
  } catch (error) {
    if (memberOf(error, "code") !== "ENOENT") throw error;
  }
  if (found === text) return [];
  const why = found === undefined ? "deno.json is missing." : "deno.json is not what the manifests add up to.";
  return [`${why} Remedy: npm run permissions -- --write, and look at what changed.`];
}
