/**
 * Builds the browser app: one run of esbuild with an entry for the shell and one for each plugin that has screens.
 * Shared code is in shared chunks, so no library is loaded twice.
 */
import { build, type Metafile, version } from "esbuild";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";

import {
  currentBuildFile,
  folderOfBuilds,
  type ScreensBuild,
  screensFolder,
  type ScreensSource,
} from "../../core/http/screens/built_screens.ts";
import type { LoadedPlugin } from "../../core/plugin/contract.ts";
import { entriesPlugin, entryOfPlugin, shellEntry } from "./entries.ts";
import { withoutRulesOf } from "./shared_styles.ts";

const webFolder = path.join(import.meta.dirname, "..");
const projectFolder = path.join(webFolder, "..");
const pack = promisify(brotliCompress);

/** The newest browsers of Windows 7, and the oldest that have everything that the screens use. */
const target = ["chrome109", "safari16.4", "firefox115"];

export interface BuildOptions {
  /** Where the builds are. Default: `.web` in the checkout. */
  readonly root?: string;
  /** Brotli's quality. 5 compresses the largest file in 10 ms, and 11 takes 1 s for 8 % fewer bytes. */
  readonly quality?: number;
}

/**
 * Builds the screens of these plugins, unless the same build exists.
 * @throws the faults of esbuild, with file and line
 */
async function buildScreens(
  sources: readonly ScreensSource[],
  { root = screensFolder, quality = 5 }: BuildOptions = {},
): Promise<ScreensBuild> {
  const folder = folderOfBuilds(sources, root);
  const hash = await hashInputs(sources, quality);
  const target = path.join(folder, hash);
  await mkdir(folder, { recursive: true });
  if (!existsSync(target)) {
    const made = await mkdtemp(path.join(folder, ".building-"));
    try {
      await runEsbuild(sources, hash, made, quality);
      // Two processes that build the same at once make equal folders. The second rename fails, and nothing is lost.
      await rename(made, target).catch((error: unknown) => {
        if (!existsSync(target)) throw error;
      });
    } finally {
      await rm(made, { recursive: true, force: true });
    }
  }
  const described = await readFile(path.join(target, currentBuildFile), "utf8");
  await replaceFile(path.join(folder, currentBuildFile), described);
  await removeOldBuilds(folder, hash);
  const build: ScreensBuild = JSON.parse(described);
  return build;
}

/** Builds the screens of those of the plugins that have some. */
export async function buildScreensOf(plugins: readonly LoadedPlugin[], options?: BuildOptions): Promise<ScreensBuild> {
  const withScreens = plugins.filter(({ manifest }) => manifest.web !== undefined);
  return buildScreens(
    withScreens.map(({ manifest: { id }, folder }) => ({ id, folder })),
    options,
  );
}

async function runEsbuild(
  sources: readonly ScreensSource[],
  hash: string,
  folder: string,
  quality: number,
): Promise<void> {
  const { metafile } = await build({
    absWorkingDir: projectFolder,
    entryPoints: {
      shell: shellEntry,
      ...Object.fromEntries(sources.map(({ id }) => [id, entryOfPlugin(id)])),
    },
    plugins: [entriesPlugin(sources, webFolder)],
    outdir: folder,
    bundle: true,
    splitting: true,
    format: "esm",
    minify: true,
    target,
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".module.css": "local-css" },
    // The messages were parsed when they were bundled, so the browser needs no parser (5 kB compressed).
    alias: { "@formatjs/icu-messageformat-parser": "@formatjs/icu-messageformat-parser/no-parser.js" },
    entryNames: "[name]-[hash]",
    chunkNames: "chunk-[hash]",
    assetNames: "[name]-[hash]",
    metafile: true,
    logLevel: "silent",
  });
  const described = describe(metafile, folder, hash);
  await shortenStyles(described, folder);
  for (const name of await readdir(folder)) {
    const plain = await readFile(path.join(folder, name));
    const packed = await pack(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } });
    await writeFile(path.join(folder, `${name}.br`), packed);
  }
  await writeFile(path.join(folder, currentBuildFile), JSON.stringify(described));
}

/** Leaves the styles of the kit in the shell's file only. */
async function shortenStyles({ shell, plugins }: ScreensBuild, folder: string): Promise<void> {
  if (shell.style === null) return;
  const shared = await readFile(path.join(folder, shell.style), "utf8");
  for (const { style } of Object.values(plugins)) {
    if (style === null) continue;
    const file = path.join(folder, style);
    await writeFile(file, withoutRulesOf(shared, await readFile(file, "utf8")));
  }
}

/** Reads from esbuild's list which files belong to which entry. */
function describe(metafile: Metafile, folder: string, hash: string): ScreensBuild {
  const outputs = new Map(
    Object.entries(metafile.outputs).map(([file, output]) => [
      path.relative(folder, path.join(projectFolder, file)),
      output,
    ]),
  );
  const entryOf = (point: string): ScreensBuild["shell"] => {
    const [script, output] = [...outputs].find(([, { entryPoint }]) => entryPoint === point) ?? [];
    if (script === undefined || output === undefined) throw new Error(`The build has no entry ${point}.`);
    const name = (file: string): string => path.relative(folder, path.join(projectFolder, file));
    const preload = output.imports
      .filter(({ kind }) => kind === "import-statement")
      .map(({ path: file }) => name(file));
    return { script, style: output.cssBundle === undefined ? null : name(output.cssBundle), preload };
  };
  const plugins = Object.keys(metafile.inputs)
    .flatMap((input) => /^screens:plugin\/(\w+)$/.exec(input)?.[1] ?? [])
    .map((id) => [id, entryOf(entryOfPlugin(id))] as const);
  return { hash, shell: entryOf(shellEntry), plugins: Object.fromEntries(plugins) };
}

/** Hashes all files that the build is made of, so that a start without a change builds nothing. */
async function hashInputs(sources: readonly ScreensSource[], quality: number): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify([version, quality, sources.map(({ id }) => id)]));
  hash.update(await readFile(path.join(projectFolder, "package-lock.json")));
  for (const folder of [webFolder, ...sources.map(({ folder }) => path.join(folder, "web"))]) {
    for (const name of (await readdir(folder, { recursive: true })).sort()) {
      const file = path.join(folder, name);
      if (/_test\.tsx?$|(^|\/)testing\//.test(name) || !(await stat(file)).isFile()) continue;
      hash.update(name).update(await readFile(file));
    }
  }
  return hash.digest("hex").slice(0, 16);
}

async function replaceFile(file: string, content: string): Promise<void> {
  const made = `${file}.${process.pid}`;
  await writeFile(made, content);
  await rename(made, file);
}

/** Keeps this build and the one before it, whose chunks an open tab can still load. */
async function removeOldBuilds(folder: string, hash: string): Promise<void> {
  const builds = (await readdir(folder, { withFileTypes: true })).filter(
    (entry) => entry.isDirectory() && entry.name !== hash && !entry.name.startsWith("."),
  );
  const dated = await Promise.all(
    builds.map(async ({ name }) => ({ name, made: (await stat(path.join(folder, name))).mtimeMs })),
  );
  const old = dated.sort((a, b) => b.made - a.made).slice(1);
  await Promise.all(old.map(({ name }) => rm(path.join(folder, name), { recursive: true, force: true })));
}
