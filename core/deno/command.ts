/** Starts the processes of the Procfile on Deno, each with exactly the permissions that the manifests name. */
import { spawnSync } from "node:child_process";
import { lookup } from "node:dns/promises";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { isIP } from "node:net";
import path from "node:path";

import { findAllPlugins, type FindPlugins, readBlueprint } from "../boot.ts";
import type { LoadedPlugin } from "../plugin/contract.ts";
import { stopOnFaults, type Variables } from "../config/env.ts";
import type { Program } from "../process/procfile.ts";
import { root } from "./core_needs.ts";
import { denoJsonText, faultsOfDenoJson, findPlugins, processOf, staticProcesses } from "./deno_json.ts";
import type { PermissionSet } from "./permission_set.ts";

/**
 * Flags of every process, beside its permissions:
 * - Deno never asks a person for more permissions.
 * - A variable that is not allowed reads as not set.
 * - Deno imports no code from the network, and npm packages from `node_modules` only.
 */
const always = ["--quiet", "--no-prompt", "--ignore-env", "--no-remote", "--no-lock", "--node-modules-dir=manual"];

/** Returns the `--allow-*` flags of a set. A kind without an entry has no flag. */
function flagsOf(set: PermissionSet): string[] {
  return Object.entries(set)
    .filter(([, needs]) => needs.length > 0)
    .map(([kind, needs]) => `--allow-${kind}=${needs.map(({ value }) => escape(value)).join(",")}`);
}

/** Doubles each comma, because Deno splits the value of a flag at single commas. */
function escape(value: string): string {
  return value.replaceAll(",", ",,");
}

/** Returns the arguments of `deno` that run a script with these permissions. */
export function denoArgs(set: PermissionSet, script: string): string[] {
  return ["run", ...always, ...flagsOf(set), "--preload=core/deno/preload.ts", script];
}

/** Finds the deno of the npm package, or else one on the PATH. Returns undefined if neither runs. */
export function findDeno(): string | undefined {
  return ["deno", ...packagedDeno()].reverse().find((file) => spawnSync(file, ["--version"]).status === 0);
}

/** Returns the binary, not the package's `deno` command: that is a Node process, which does not pass signals on. */
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
 * Returns how each line of the Procfile runs on Deno, with the hosts and folders of these variables.
 * @param find must not import a plugin's module
 * @throws BootError if `deno.json` differs from the permissions in the manifests
 */
export async function denoProgram(deno: string, variables: Variables, find: FindPlugins): Promise<Program> {
  const plugins = await findPlugins(variables, find);
  // A person reviewed deno.json. A manifest that changed since then gets no new permission.
  stopOnFaults(faultsOfDenoJson(denoJsonText(staticProcesses(plugins, variables))));
  return denoCommands(deno, plugins, variables, find);
}

export const noDeno = "There is no deno. Remedy: npm ci (with its optional packages), or install Deno 2.9.";

/** Returns how each line of the Procfile runs on Deno, without a comparison with `deno.json`. */
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
 * Makes the secrets that are not set, because a process on Deno can read them but not write them. Replaces the name of
 * the host to listen on by its address.
 */
async function settled(variables: Variables, find: FindPlugins): Promise<Variables> {
  await readBlueprint(variables, find);
  const host = variables["HOST"];
  // Deno matches calls by host name, but the address to listen on by number.
  const address = host === undefined || isIP(host) !== 0 ? host : (await lookup(host)).address;
  return { ...variables, HOST: address, DENO_NO_UPDATE_CHECK: "1" };
}

/** Keeps the files of this platform. A native library has one file per platform, and one of them is installed. */
function onThisMachine(ffi: PermissionSet["ffi"]): PermissionSet["ffi"] {
  return ffi.filter(({ value }) => existsSync(path.join(root, value)));
}
