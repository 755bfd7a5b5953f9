/**
 * The built screens of a set of plugins: where they are, and their list of files. `web/build/` writes them, and the
 * web process reads them once, at its start.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";

/** Where all builds are. A checkout ignores it. */
export const screensFolder = path.join(import.meta.dirname, "..", "..", "..", ".web");

/** The name of the file that names the newest build of a set of plugins. */
export const currentBuildFile = "current.json";

/** A plugin with screens. */
export interface ScreensSource {
  readonly id: string;
  readonly folder: string;
}

const entrySchema = z.strictObject({
  /** Names of files of the build. */
  script: z.string(),
  style: z.string().nullable(),
  /** Scripts that the browser can load before the entry asks for them. */
  preload: z.array(z.string()),
});

const buildSchema = z.strictObject({
  /** A hash of everything that the build was made of. */
  hash: z.string(),
  shell: entrySchema,
  plugins: z.record(z.string(), entrySchema),
});

/** A build, as `web/build/` describes it in `current.json`. */
export type ScreensBuild = z.output<typeof buildSchema>;

/** A file of the screens, in memory. */
export interface ScreenFile {
  readonly type: string;
  readonly plain: Buffer;
  readonly brotli: Buffer;
}

/** The screens that a web process serves. */
export interface BuiltScreens {
  readonly build: ScreensBuild;
  /** By name. Names contain a hash of the content. */
  readonly files: ReadonlyMap<string, ScreenFile>;
}

/** The folder of the builds of a set of plugins. Each set has its own, so parallel tests do not disturb each other. */
export function folderOfBuilds(sources: readonly ScreensSource[], root = screensFolder): string {
  const key = createHash("sha256")
    .update(JSON.stringify(sources.map(({ id, folder }) => `${id} ${path.resolve(folder)}`).sort()))
    .digest("hex");
  return path.join(root, key.slice(0, 16));
}

const types: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

/**
 * Reads the newest build, and the files of the build before it: a tab that was opened before a restart still finds
 * its chunks.
 * @returns undefined if the screens were not built
 */
export async function readBuiltScreens(
  sources: readonly ScreensSource[],
  root = screensFolder,
): Promise<BuiltScreens | undefined> {
  const folder = folderOfBuilds(sources, root);
  const current = path.join(folder, currentBuildFile);
  if (!existsSync(current)) return undefined;
  const build = buildSchema.parse(JSON.parse(await readFile(current, "utf8")));
  const files = new Map<string, ScreenFile>();
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const built = path.join(folder, entry.name);
    const names = (await readdir(built)).filter((name) => path.extname(name) in types);
    for (const name of names) {
      const [plain, brotli] = await Promise.all([
        readFile(path.join(built, name)),
        readFile(path.join(built, `${name}.br`)),
      ]);
      files.set(name, { type: types[path.extname(name)] ?? "", plain, brotli });
    }
  }
  return { build, files };
}
