/** `npm run -s cli`: the operator's commands, which each plugin keeps in its `cli.ts`, and the core's own. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import type { Knex } from "knex";

import { createRefusals } from "./audit/refusals.ts";
import { printableLines } from "./text.ts";
import { type Blueprint, readBlueprint } from "./boot.ts";
import { type Command, type CommandContext, UsageError } from "./command.ts";
import type { LoadedPlugin } from "./discovery.ts";
import { processVariables } from "./env.ts";
import { openStore } from "./files/open_store.ts";
import { jobCommands } from "./jobs/commands.ts";
import { createLogger } from "./log.ts";
import { gateRoleOf } from "./permissions.ts";
import type { PluginContext } from "./plugin.ts";
import { contextFor, openToolPool } from "./plugin_context.ts";
import { runProcess } from "./process.ts";
import { startProgress } from "./progress.ts";

type Commands = Readonly<Record<string, Command>>;

/** What a command prints can hold text of others, and an operator's terminal must not obey it. */
const print = (line: string): void => void process.stdout.write(`${printableLines(line)}\n`);

async function commandsOf({ folder }: LoadedPlugin): Promise<Commands> {
  const file = path.join(folder, "cli.ts");
  if (!existsSync(file)) return {};
  return ((await import(pathToFileURL(file).href)) as { commands: Commands }).commands;
}

async function runCommand([group, name, ...args]: readonly string[]): Promise<void> {
  const blueprint = await readBlueprint(processVariables());
  const plugin = blueprint.plugins.find(({ manifest }) => manifest.id === group);
  const commands = group === "jobs" ? jobCommands(blueprint) : plugin === undefined ? {} : await commandsOf(plugin);
  const command = name === undefined || !Object.hasOwn(commands, name) ? undefined : commands[name];
  if (command === undefined) {
    await printUsage(blueprint);
    process.exitCode = group === undefined || group === "help" ? 0 : 2;
    return;
  }
  let pool: Knex | undefined;
  const open = async (): Promise<PluginContext> => {
    if (plugin === undefined) throw new Error("A command of the core's has no plugin.");
    const { id } = plugin.manifest;
    pool ??= await openToolPool(blueprint, gateRoleOf(id));
    const log = createLogger(processVariables()["LOG_LEVEL"] ?? "warn", { process: "cli" }, 2);
    const slice = blueprint.slices.get(id) ?? {};
    return contextFor(
      plugin,
      slice,
      openStore(plugin.manifest, slice, blueprint.env),
      pool,
      log,
      createRefusals(pool, log),
    );
  };
  try {
    const { positionals, values } = readArguments(args, command);
    await command.run(positionals, {
      env: blueprint.slices.get(plugin?.manifest.id ?? "") ?? {},
      options: values,
      // The command names its own manifest; there is no other that it could be given.
      open: open as CommandContext["open"],
      progress: (words, total) => startProgress(process.stderr, words, total),
      readFile: (file) => readFile(file),
      print,
    });
  } finally {
    await pool?.destroy();
  }
}

function readArguments(args: string[], { summary, options = {} }: Command) {
  try {
    const { positionals, values } = parseArgs({ args, options, allowPositionals: true, strict: true });
    return { positionals, values: values as CommandContext["options"] };
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split(". To specify")[0]}\nUsage: ${summary}`);
  }
}

async function printUsage(blueprint: Blueprint): Promise<void> {
  print("Usage: npm run -s cli -- <plugin> <command>\n");
  for (const { summary } of Object.values(jobCommands(blueprint))) print(`  jobs ${summary}`);
  for (const plugin of blueprint.plugins) {
    for (const { summary } of Object.values(await commandsOf(plugin))) print(`  ${plugin.manifest.id} ${summary}`);
  }
}

await runProcess("cli", async () => {
  try {
    await runCommand(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${printableLines((error as Error).message)}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
  process.exit();
});
