/** Runs one command with the context of its plugin, and closes the pool that the command opened. */
import { readFile } from "node:fs/promises";
import type { Knex } from "knex";

import { createRefusals } from "../audit/refusals.ts";
import { type Blueprint, readBlueprint } from "../boot.ts";
import type { Command, CommandContext } from "../plugin/command.ts";
import { openStore } from "../files/open_store.ts";
import { createLogger } from "../process/log.ts";
import { loginRoleOf } from "../db/role_names.ts";
import type { PluginContext } from "../plugin/contract.ts";
import { contextFor } from "../plugin/context.ts";
import { openToolPool } from "./tool_pool.ts";
import { startProgress } from "./progress.ts";
import type { Execute, Terminal } from "./program.ts";
import { printableLines } from "../values/text.ts";
import type { Variables } from "../config/env.ts";

/** Returns a function that runs a command of a plugin. */
export function pluginCommand(id: string, command: Command, variables: Variables, terminal: Terminal): Execute {
  return async (input) => {
    const blueprint = await readBlueprint(variables);
    let pool: Knex | undefined;
    const open = async (): Promise<PluginContext> => {
      pool ??= await openToolPool(blueprint, loginRoleOf(id));
      return pluginContext(id, blueprint, pool, variables["LOG_LEVEL"] ?? "warn");
    };
    try {
      // The assertion is safe: the type of the context comes from the manifest of the command's own plugin.
      const context = contextOf(terminal, blueprint.slices.get(id) ?? {}, open as CommandContext["open"]);
      await command.run(input, context);
    } finally {
      await pool?.destroy();
    }
  };
}

/** Returns a function that runs a command of the core, which opens its own database. */
export function coreCommand(command: Command, terminal: Terminal): Execute {
  const open = (): Promise<never> => Promise.reject(new Error("A command of the core has no plugin."));
  return (input) => command.run(input, contextOf(terminal, {}, open));
}

function contextOf({ out }: Terminal, env: CommandContext["env"], open: CommandContext["open"]): CommandContext {
  return {
    env,
    open,
    progress: (words, total) => startProgress(process.stderr, words, total),
    readFile: (file) => readFile(file),
    // A line can contain text of strangers, which must not control the operator's terminal.
    print: (line) => out(`${printableLines(line)}\n`),
  };
}

function pluginContext(id: string, { plugins, slices, env }: Blueprint, pool: Knex, level: string): PluginContext {
  const plugin = plugins.find(({ manifest }) => manifest.id === id);
  if (plugin === undefined) throw new Error(`There is no plugin ${id}.`);
  const log = createLogger(level, { process: "cli" }, 2);
  const slice = slices.get(id) ?? {};
  const files = openStore(plugin.manifest, slice, env);
  return contextFor(plugin, slice, files, pool, log, createRefusals(pool, log));
}
