/** How a process of the Procfile is started on Deno: which program, with exactly which permissions. */
import { spawnSync } from "node:child_process";
import { lookup } from "node:dns/promises";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { isIP } from "node:net";
import path from "node:path";

import { findAllPlugins, type FindPlugins, readBlueprint } from "../boot.ts";
import type { LoadedPlugin } from "../plugin/contract.ts";
import { stopOnFaults } from "../config/env.ts";
import type { Program } from "../process/procfile.ts";
import { root } from "./core_needs.ts";
import { denoJsonText, faultsOfDenoJson, findPlugins, processOf, staticProcesses } from "./deno_json.ts";
import type { PermissionSet } from "./permission_set.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Beside the permissions: nobody is asked for more, a variable that is not allowed reads as not set, no code comes from
 * the network, and npm packages are those in node_modules.
 */
const always = ["--quiet", "--no-prompt", "--ignore-env", "--no-remote", "--no-lock", "--node-modules-dir=manual"];

/** The `--allow-*` flags of a set. A kind of which nothing is allowed has no flag. */
function flagsOf(set: PermissionSet): string[] {
  return Object.entries(set)
    .filter(([, needs]) => needs.length > 0)
    .map(([kind, needs]) => `--allow-${kind}=${needs.map(({ value }) => escape(value)).join(",")}`);
}

/** Deno splits at commas; two of them stand for one. */
function escape(value: string): string {
  return value.replaceAll(",", ",,");
}

/** The arguments of `deno` for a script with these permissions. */
export function denoArgs(set: PermissionSet, script: string): string[] {
  return ["run", ...always, ...flagsOf(set), "--preload=core/deno/preload.ts", script];
}

/** The deno of the npm package, or one on the PATH; undefined where neither runs. */
export function findDeno(): string | undefined {
  return ["deno", ...packagedDeno()].reverse().find((file) => spawnSync(file, ["--version"]).status === 0);
}

/** Not the package's own `deno` command: that is a Node process, which would keep our signals to itself. */
function packagedDeno(): string[] {
  const platform = `${process.platform}-${process.arch}${process.platform === "linux" ? "-glibc" : ""}`;
  try {
    const { resolve } = createRequire(createRequire(import.meta.url).resolve("deno/package.json"));
    return [path.join(path.dirname(resolve(`@deno/${platform}/package.json`)), "deno")];
  } catch {
    return [];
  }
}

/**
 * How each line of the Procfile runs on Deno, with the hosts and folders of these variables.
 * @param find never imports a plugin's module
 * @throws BootError where `deno.json` is not what the manifests add up to
 */
export async function denoProgram(deno: string, variables: Variables, find: FindPlugins): Promise<Program> {
  const plugins = await findPlugins(variables, find);
  // deno.json was reviewed, and says what plugins may do; a manifest that has changed since does not.
  stopOnFaults(faultsOfDenoJson(denoJsonText(staticProcesses(plugins, variables))));
  return denoCommands(deno, plugins, variables, find);
}

export const noDeno = "There is no deno. Remedy: npm ci (with its optional packages), or install Deno 2.9.";

/** The same without asking `deno.json`. */
export function denoCommands(
  deno: string,
  plugins: readonly LoadedPlugin[],
  variables: Variables,
  find = findAllPlugins,
): Program {
  return async (line) => {
    const given = await settled({ ...variables, ...line.variables }, find);
    const { script, set } = processOf(line, plugins, given);
    return { command: deno, args: denoArgs({ ...set, ffi: onThisMachine(set.ffi) }, script), variables: given };
  };
}

/**
 * Makes the secrets that are not set, which a process on Deno may only read, and turns a name to listen on into its
 * address.
 */
async function settled(variables: Variables, find: FindPlugins): Promise<Variables> {
  await readBlueprint(variables, find);
  const host = variables["HOST"];
  // Deno knows whom to call by name, but where to listen by address.
  const address = host === undefined || isIP(host) !== 0 ? host : (await lookup(host)).address;
  return { ...variables, HOST: address, DENO_NO_UPDATE_CHECK: "1" };
}

/** A native library has a file per platform; one of them is here. */
function onThisMachine(ffi: PermissionSet["ffi"]): PermissionSet["ffi"] {
  return ffi.filter(({ value }) => existsSync(path.join(root, value)));
}
