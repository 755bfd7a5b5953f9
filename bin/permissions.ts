/**
 * Prints what each plugin can do, and with which permissions each process runs on Deno: `npm run permissions`. Reads
 * both from the manifests. `-- --write` writes `deno.json`. Without it, the program fails if `deno.json` is stale.
 * `-- --check` prints only that failure.
 */
import { writeFileSync } from "node:fs";

import { denoArgs, findDeno, noDeno } from "../core/deno/command.ts";
import {
  denoJson,
  denoJsonText,
  type DenoProcess,
  faultsOfDenoJson,
  findPlugins,
  staticProcesses,
} from "../core/deno/deno_json.ts";
import { createSandbox } from "../core/deno/sandbox.ts";
import { readProgramOptions } from "../core/cli/program_options.ts";
import { flag } from "../core/plugin/command.ts";
import type { LoadedPlugin } from "../core/plugin/contract.ts";
import { findAllPlugins } from "../core/boot.ts";
import { processVariables, stopOnFaults } from "../core/config/env.ts";
import type { Columns, Manifest, TableGrant } from "../core/plugin/manifest.ts";
import { runProcess } from "../core/process/run_process.ts";
import { printable } from "../core/values/text.ts";

/** Makes one plugin's part of the table. */
function pluginTable({ id, summary, permissions }: Manifest): string[] {
  const { env = {}, net = [], tables = {}, jobs = [], crossTenant, files, definers = {} } = permissions ?? {};
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ["env", Object.keys(env)],
    ["net", net.map((entry) => (typeof entry === "string" ? entry : `the host of ${entry.env}`))],
    ["tables", Object.entries(tables).flatMap(([table, grant]) => grantLines(table, grant))],
    ["jobs", jobs.map(({ name }) => name)],
    ["crossTenant", crossTenant === undefined ? [] : [`across all tenants: ${crossTenant}`]],
    ["files", files === undefined ? [] : [`${placeOf(id, files.location)}: ${files.reason}`]],
    ["definers", Object.entries(definers).map(([name, reason]) => `${id}.${name}: ${reason}`)],
  ];
  return [`${id}: ${summary}`, ...rows.flatMap(([name, values]) => cell(name, values))];
}

function placeOf(id: string, location: string | undefined): string {
  return location === undefined ? `DATA_DIR/${id}` : `${location} (a folder or S3), else DATA_DIR/${id}`;
}

function grantLines(table: string, grant: TableGrant): string[] {
  const columns = (list: Columns | undefined): string =>
    list === undefined || list === "*" ? "" : ` (${list.join(", ")})`;
  return (["select", "insert", "update", "delete"] as const)
    .filter((verb) => grant[verb] !== undefined)
    .map((verb) => `${verb.toUpperCase()}${verb === "delete" ? "" : columns(grant[verb])} on ${table}`);
}

/** Makes one process's part of the table: every permission with its reason, and the whole command. */
function processTable({ name, script, set }: DenoProcess): string[] {
  const rows = Object.entries(set).flatMap(([kind, needs]) =>
    cell(
      kind,
      needs.map(({ value, why }) => `${value}  (${why})`),
    ),
  );
  return [name, ...rows, ...cell("run", []), `  deno ${denoArgs(set, script).join(" ")}`];
}

/** Prints a row's name before its first value. */
function cell(name: string, values: readonly string[]): string[] {
  return (values.length === 0 ? ["nothing"] : values).map(
    (value, index) => `  ${(index === 0 ? name : "").padEnd(9)} ${value}`,
  );
}

/**
 * Makes the whole table. Escapes control characters, because a manifest's text must not repaint the table of its
 * plugin.
 */
export function tableOf(plugins: readonly Pick<LoadedPlugin, "manifest">[], processes: readonly DenoProcess[]): string {
  const lines = [
    "Permissions of each plugin, from its manifest.ts. Everything else is denied.",
    ...plugins.flatMap(({ manifest }) => ["", ...pluginTable(manifest)]),
    "",
    "Permissions of each process on Deno, on a machine where no variable is set. See docs/deno.md.",
    ...processes.flatMap((process) => ["", ...processTable(process)]),
    "",
  ];
  return lines.map((line) => printable(line)).join("\n");
}

if (import.meta.filename === process.argv[1]) {
  const options = await readProgramOptions(
    "npm run permissions --",
    "Prints what each plugin can do. Exits with 1 if deno.json does not say the same.",
    {
      write: flag("Write deno.json"),
      check: flag("Print only what is wrong with deno.json"),
    },
  );
  await runProcess("permissions", async () => {
    const variables = processVariables();
    const deno = findDeno();
    // The operator has not reviewed these plugins yet, so their manifests are evaluated on Deno only.
    if (deno === undefined && variables["PLUGIN_PATH"] !== undefined) stopOnFaults([noDeno]);
    const plugins = await findPlugins(variables, deno === undefined ? findAllPlugins : createSandbox(deno).find);
    const processes = staticProcesses(plugins, variables);
    const text = denoJsonText(processes);
    if (options.write) writeFileSync(denoJson, text);
    const faults = faultsOfDenoJson(text);
    if (!options.check) process.stdout.write(tableOf(plugins, processes));
    for (const fault of faults) process.stderr.write(`permissions: ${fault}\n`);
    process.exit(faults.length === 0 ? 0 : 1);
  });
}
