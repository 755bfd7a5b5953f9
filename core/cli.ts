/** `npm run -s cli`: the operator's commands, which each plugin keeps in its `cli.ts`. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { readBlueprint } from "./boot.ts";
import type { Command } from "./command.ts";
import type { LoadedPlugin } from "./discovery.ts";
import { processVariables } from "./env.ts";
import { runProcess } from "./process.ts";

type Commands = Readonly<Record<string, Command>>;

async function commandsOf({ folder }: LoadedPlugin): Promise<Commands> {
  const file = path.join(folder, "cli.ts");
  if (!existsSync(file)) return {};
  return ((await import(pathToFileURL(file).href)) as { commands: Commands }).commands;
}

async function runCommand([pluginId, name, ...args]: readonly string[]): Promise<void> {
  const { plugins, slices } = await readBlueprint(processVariables());
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const plugin = plugins.find(({ manifest }) => manifest.id === pluginId);
  const command = plugin === undefined || name === undefined ? undefined : (await commandsOf(plugin))[name];
  if (plugin === undefined || command === undefined) {
    print("Usage: npm run -s cli -- <plugin> <command>\n");
    for (const each of plugins) {
      for (const { summary } of Object.values(await commandsOf(each))) print(`  ${each.manifest.id} ${summary}`);
    }
    process.exitCode = pluginId === undefined ? 0 : 2;
    return;
  }
  await command.run(args, { env: slices.get(plugin.manifest.id) ?? {}, readFile: (file) => readFile(file), print });
}

await runProcess("cli", async () => {
  try {
    await runCommand(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
  process.exit();
});
