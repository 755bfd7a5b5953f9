/**
 * Runs plugins' code for the processes that have more permissions than a plugin: the launcher, `migrate` and
 * `permissions`. Each piece of code runs in its own process on Deno, with the least permissions, and returns JSON.
 *
 * Each plugin has its own process, because its code can print anything: so it can falsify only its own manifest. One
 * process reads all shipped plugins, because they come from one repository.
 */
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import * as z from "zod";

import type { FindPlugins } from "../boot.ts";
import {
  pluginsFolder,
  discoverPlugins,
  loadFault,
  loadPlugin,
  pluginFolders,
  type PluginReader,
} from "../plugin/discovery.ts";
import { demoSchema, type PlayDemo } from "../plugin/demo_part.ts";
import { runHere, type RunMigrations } from "../db/migrate/migration_source.ts";
import { processVariables } from "../config/env.ts";
import { manifestOf, type Reading, readingSchema } from "../plugin/manifest_data.ts";
import { denoArgs } from "./command.ts";
import { coreSys, libraryVariables, root } from "./core_needs.ts";
import { databaseFiles, hostOf, type Need, type PermissionSet, shorten } from "./permission_set.ts";
import { type MigrationTask, outcomeSchema } from "./run_migrations.ts";
import { memberOf, textOf } from "../values/unknown_value.ts";

/** The parts of plugins' code that run before the plugins are started. */
export interface Sandbox {
  readonly find: FindPlugins;
  /** @param url of the database, with the owner's login */
  readonly runMigrationsAt: (url: string) => RunMigrations;
  readonly playDemo: PlayDemo;
}

/** Ends the process of a manifest after this time, because its code can run forever. */
const longestReadMs = 60_000;
const longestOutput = 4 * 1024 * 1024;

/**
 * Creates a sandbox.
 * @param deno path of the program
 * @param trustsShipped true to run the shipped plugins' code in this process, as the core's
 */
export function createSandbox(deno: string, trustsShipped = false): Sandbox {
  const isTrusted = (folder: string): boolean => trustsShipped && isShipped(folder);
  let found: { readonly key: string; readonly discovery: ReturnType<FindPlugins> } | undefined;
  const codeOf = (roots: readonly string[]): Need[] => ["core", "plugins", ...roots].map((folder) => needOf(folder));
  let code = codeOf([]);
  return {
    find: (roots) => {
      const key = JSON.stringify(roots);
      code = codeOf(roots);
      if (found?.key !== key)
        found = { key, discovery: discoverPlugins(roots, undefined, reader(deno, code, isTrusted)) };
      return found.discovery;
    },
    runMigrationsAt:
      (url) =>
      async (owner, { id, folder }) => {
        if (isTrusted(path.dirname(folder))) return runHere(owner, { id, folder });
        const set = {
          ...nothing,
          read: [...code, needOf(folder), ...databaseFiles({ DATABASE_URL: url })],
          env: libraryNeeds,
          net: hostOf(url, "the database"),
        };
        const task: MigrationTask = { url, id, folder };
        const outcome = outcomeSchema.parse(
          await runScript(deno, set, "core/deno/run_migrations.ts", [], JSON.stringify(task)),
        );
        if ("error" in outcome) throw new Error(`The migrations of ${id} failed: ${outcome.error}`);
        return outcome.applied;
      },
    playDemo: async (target) => {
      const set: PermissionSet =
        target === undefined
          ? { ...nothing, read: code }
          : {
              ...nothing,
              read: [...code, ...databaseFiles({ DATABASE_URL: target.databaseUrl })],
              env: libraryNeeds,
              net: [...hostOf(target.address, "the platform"), ...hostOf(target.databaseUrl, "the database")],
            };
      const input = JSON.stringify(target ?? null);
      return demoSchema.parse(await runScript(deno, set, "core/deno/play_demo.ts", [], input));
    },
  };
}

const needOf = (value: string): Need => ({ value: shorten(value), why: "" });

/** The variables that the libraries of the database read. */
const libraryNeeds = Object.keys(libraryVariables).map((name) => needOf(name));

/** Allows only the name of this machine, which the log reads when it is loaded. */
const nothing: PermissionSet = {
  read: [],
  write: [],
  env: [],
  net: [],
  sys: Object.entries(coreSys).map(([value, why]) => ({ value, why })),
  ffi: [],
};

const isShipped = (folder: string): boolean => path.dirname(folder) === pluginsFolder;

function reader(deno: string, code: readonly Need[], isTrusted: (folder: string) => boolean): PluginReader {
  const readAll = async (folders: readonly string[]): Promise<ReadonlyMap<string, Reading>> => {
    const set = { ...nothing, read: [...code, ...folders.map((folder) => needOf(folder))] };
    const answer = await runScript(deno, set, "core/deno/read_manifest.ts", folders);
    const readings = z.array(readingSchema).length(folders.length).parse(answer);
    return new Map(readings.map((reading, at) => [folders[at] ?? "", reading]));
  };
  let shipped: Promise<ReadonlyMap<string, Reading>> | undefined;
  return async (folder) => {
    if (isTrusted(folder)) return loadPlugin(folder);
    try {
      const all = isShipped(folder) ? (shipped ??= readAll(pluginFolders(pluginsFolder).folders)) : readAll([folder]);
      const reading = readingSchema.parse((await all).get(folder));
      if ("faults" in reading) return { faults: reading.faults };
      return { plugin: { manifest: manifestOf(reading.manifest), setup: noSetup, folder }, faults: [] };
    } catch (error) {
      return { faults: [loadFault(folder, error)] };
    }
  };
}

function noSetup(): never {
  throw new Error("Only the manifest of this plugin was read.");
}

/** Runs a script of the core. @returns the JSON of its last line */
async function runScript(
  deno: string,
  set: PermissionSet,
  script: string,
  args: readonly string[],
  input = "",
): Promise<unknown> {
  // Passes no secret, so that none can leak even if Deno allowed a variable by mistake.
  const { PATH, HOME, DENO_DIR, PGSSLMODE } = processVariables();
  const running = promisify(execFile)(deno, [...denoArgs(set, script), ...args], {
    cwd: root,
    env: { PATH, HOME, DENO_DIR, PGSSLMODE, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
    maxBuffer: longestOutput,
    ...(script.endsWith("read_manifest.ts") ? { timeout: longestReadMs, killSignal: "SIGKILL" as const } : {}),
  });
  running.child.stdin?.on("error", () => undefined).end(input);
  const { stdout } = await running.catch((error: unknown) => {
    throw faultOf(error);
  });
  return z.json().parse(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""));
}

/** Makes an error of Deno's message, without the command, which shows folders and hosts. */
function faultOf(error: unknown): Error {
  if (memberOf(error, "killed") === true) return new Error(`its code did not end within ${longestReadMs / 1000} s`);
  return new Error(textOf(error, "stderr").trim().split("\n")[0] ?? "Deno ended without a message");
}
