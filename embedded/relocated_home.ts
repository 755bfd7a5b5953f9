/** Folders for databases whose own data folder the server's user cannot reach, and the removal of those that nobody can want back. */
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { livingServer } from "./leftover_server.ts";

const PREFIX = "data-";
/** Names the data folder, for a human who wonders, and for `removeAbandoned`. */
const OWNER = "belongs_to";

/** The caller holds the lock of `dataDir`. */
export async function makeRelocatedHome(shared: string, dataDir: string): Promise<string> {
  await removeAbandoned(shared, dataDir);
  const home = await mkdtemp(join(shared, PREFIX));
  await writeFile(join(home, OWNER), `${dataDir}\n`);
  await chmod(home, 0o711);
  return home;
}

/**
 * A data folder can be deleted without its database here being noticed. Removed is only what is rubbish for certain: what a killed start of this data
 * folder left unfinished, and databases of temporary folders that are gone (tests, trials). Any other may be wanted back: its disk may be unmounted.
 */
async function removeAbandoned(shared: string, dataDir: string): Promise<void> {
  for (const name of await readdir(shared)) {
    if (!name.startsWith(PREFIX)) continue;
    const home = join(shared, name);
    const owner = (await readFile(join(home, OWNER), "utf8").catch(() => "")).trim();
    const unfinished = owner === dataDir && !existsSync(join(home, "postgres"));
    const goneForGood =
      owner.startsWith(`${tmpdir()}/`) && !existsSync(owner) && !(await livingServer(join(home, "postgres")));
    if (unfinished || goneForGood) await rm(home, { recursive: true, force: true }).catch(() => undefined);
  }
}
