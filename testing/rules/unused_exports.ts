/**
 * The rule against dead exports: another file must import each function, constant and class that a file exports.
 * Types are free: an exported function may take or return a type that no other file names.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseSync } from "oxc-parser";

import { root, targetOf } from "./boundaries.ts";

export interface Program {
  /** From the root, with forward slashes. */
  readonly file: string;
  readonly text: string;
}

/** Files whose exports are found by their names: migrations, demo data and commands of plugins, hooks of mocha. */
const namedByTools = /\/migrations\/|\/(demo|cli)\.ts$|\/mocha_hooks\.ts$/;

/** Returns the folders and files that tsconfig.json includes. */
export function readIncludedPaths(): string[] {
  const config = readFileSync(path.join(root, "tsconfig.json"), "utf8");
  return (JSON.parse(config) as { include: string[] }).include;
}

/** Reads all TypeScript files of the project. */
export function readPrograms(): Program[] {
  const files = readIncludedPaths().flatMap((entry) =>
    entry.endsWith(".ts")
      ? [entry]
      : readdirSync(path.join(root, entry), { recursive: true, encoding: "utf8" })
          .filter((name) => /\.tsx?$/.test(name))
          .map((name) => `${entry}/${name.replaceAll(path.sep, "/")}`),
  );
  return files.map((file) => ({ file, text: readFileSync(path.join(root, file), "utf8") }));
}

/** Returns a fault for each export that no other file imports. */
export function unusedExports(programs: readonly Program[]): string[] {
  const parsed = programs.map(({ file, text }) => ({ file, ...parseSync(file, text).module, text }));
  const used = new Set(parsed.flatMap((program) => importsOf(program)));
  return parsed
    .filter(({ file }) => !namedByTools.test(file))
    .flatMap(({ file, staticExports }) =>
      staticExports
        .flatMap(({ entries }) => entries)
        .filter(({ isType, moduleRequest }) => !isType && moduleRequest === null)
        .flatMap(({ exportName: { kind, name } }) => (kind === "Name" && name !== null ? [name] : []))
        .filter((name) => !used.has(`${file} ${name}`) && !used.has(`${file} *`))
        .map((name) => `${file} exports ${name}, and no other file imports it. Remedy: remove the word export.`),
    );
}

type Parsed = Program & ReturnType<typeof parseSync>["module"];

/** Returns "file name" for each imported name, and "file *" for a module that is imported as a whole. */
function importsOf({ file, text, staticImports, staticExports, dynamicImports }: Parsed): string[] {
  const named = staticImports.flatMap(({ moduleRequest, entries }) =>
    entries.map(({ importName }) => `${targetOf(file, moduleRequest.value)} ${importName.name ?? "*"}`),
  );
  const passedOn = staticExports
    .flatMap(({ entries }) => entries)
    .flatMap(({ moduleRequest, importName }) =>
      moduleRequest === null ? [] : [`${targetOf(file, moduleRequest.value)} ${importName.name ?? "*"}`],
    );
  const dynamic = dynamicImports
    .map(({ moduleRequest: { start, end } }) => text.slice(start + 1, end - 1))
    .map((from) => `${from.startsWith(".") ? path.posix.join(path.posix.dirname(file), from) : from} *`);
  return [...named, ...passedOn, ...dynamic];
}
