/**
 * The rule against dead exports: another file must import each function, constant and class that a file exports.
 * Types are free: an exported function may take or return a type that no other file names.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseSync } from "oxc-parser";

import { targetOf } from "./boundaries.ts";

export interface Program {
  /** From the root, with forward slashes. */
  readonly file: string;
  readonly text: string;
}

/** Files whose exports are found by their names: migrations, demo data of plugins, and the hooks of mocha. */
const namedByTools = /\/migrations\/|\/demo\.ts$|\/mocha_hooks\.ts$/;

/** Reads the TypeScript files below these folders. */
export function readPrograms(root: string, folders: readonly string[]): Program[] {
  return folders
    .flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" }).map((name) =>
        path.join(folder, name),
      ),
    )
    .filter((file) => file.endsWith(".ts"))
    .map((file) => ({ file: file.replaceAll(path.sep, "/"), text: readFileSync(path.join(root, file), "utf8") }));
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
