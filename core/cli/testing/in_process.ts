/** Runs the command line in the process of the test, with a plugin to call. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { code } from "../code_template.ts";
import { runCommandLine } from "../command_line.ts";

export interface CallResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface CommandLineFixture {
  /** A folder for one test. It contains only the plugin `minibar`. */
  readonly folder: string;
  /** The variables of the process, with the folder of `minibar` in `PLUGIN_PATH`. */
  readonly variables: Readonly<Record<string, string>>;
  /** Writes the `cli.ts` of one more plugin. */
  writePlugin(id: string, cli: string): Promise<void>;
  /** Runs the words in this process. */
  call(words: readonly string[], more?: Readonly<Record<string, string>>): Promise<CallResult>;
  close(): Promise<void>;
}

export async function openCommandLine(): Promise<CommandLineFixture> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "keyrack-cli-"));
  const variables = { DATA_DIR: path.join(folder, "data"), PLUGIN_PATH: path.join(folder, "plugins") };
  const writePlugin = async (id: string, cli: string): Promise<void> => {
    const home = path.join(folder, "plugins", id);
    await mkdir(home, { recursive: true });
    await writeFile(path.join(home, "cli.ts"), imports + cli);
    await writeFile(
      path.join(home, "mod.ts"),
      code`${imports}
export default core.definePlugin({ manifest: { id: "${id}", summary: "" }, setup: () => ({}) });`,
    );
  };
  await mkdir(variables.PLUGIN_PATH);
  // Without it Node loads the modules as CommonJS, and they import a second copy of the core.
  await writeFile(path.join(folder, "package.json"), '{ "type": "module" }');
  await writePlugin("minibar", minibar);
  return {
    folder,
    variables,
    writePlugin,
    call: async (words, more = {}) => {
      let [out, err] = ["", ""];
      const exitCode = await runCommandLine(
        words,
        { ...variables, ...more },
        { out: (text) => (out += text), err: (text) => (err += text) },
      );
      return { code: exitCode, out, err };
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

const imports = code`
import * as z from ${JSON.stringify(import.meta.resolve("zod"))};
import * as core from ${JSON.stringify(import.meta.resolve("../../mod.ts"))};
`;

const minibar = code`
export const commands = {
  count: core.defineCommand({
    summary: "Count bottles",
    args: { shelf: z.string().describe("The shelf"), floor: z.int().min(1).max(9).default(1).describe("The floor") },
    options: {
      kind: z.enum(["gin", "rum"]).optional().describe("The kind"),
      least: z.number().min(0).optional().describe("Bottles at least"),
      since: z.string().default("today").meta({ title: "time", description: "Since when" }),
      "dry-run": core.flag("Count nothing"),
    },
    run: async (input, { print }) => print(JSON.stringify(input)),
  }),
  print: core.defineCommand({
    summary: "Print a list",
    args: { file: z.string().describe("The list").meta({ completes: "files" }) },
    run: async () => undefined,
  }),
  refuse: core.defineCommand({
    summary: "Refuse to run",
    options: { usage: core.flag("Blame the call") },
    run: async ({ options }) => {
      throw options.usage ? new core.UsageError("Name a bottle.") : new Error("The bar is closed.");
    },
  }),
  wait: core.defineCommand({
    summary: "Wait until the process is stopped",
    run: async (_input, { print }) => {
      print("waiting");
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    },
  }),
};
`;
