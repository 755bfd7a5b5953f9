/** Makes folders for databases whose data folder the server's user can't reach, and removes abandoned ones. */
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { livingServer } from "./leftover_server.ts";

const homePrefix = "data-";
/** A file that contains the path of the data folder, for an operator and for `removeAbandoned`. */
const ownerFile = "belongs_to";

/** Makes a folder for the database of `dataDir`. The caller holds the lock of `dataDir`. */
export async function makeRelocatedHome(shared: string, dataDir: string): Promise<string> {
  await removeAbandoned(shared, dataDir);
  const home = await mkdtemp(path.join(shared, homePrefix));
  await writeFile(path.join(home, ownerFile), `${dataDir}\n`);
  await chmod(home, 0o711);
  return home;
}

/**
 * Removes two kinds of abandoned folders. The first kind was left unfinished by a killed start of this data folder. The
 * second kind belongs to a temporary folder of a test that is gone. All others stay: a missing data folder can be on a
 * disk that is not mounted.
 */
async function removeAbandoned(shared: string, dataDir: string): Promise<void> {
  for (const name of await readdir(shared)) {
    if (!name.startsWith(homePrefix)) continue;
    const home = path.join(shared, name);
    const owner = (await readFile(path.join(home, ownerFile), "utf8").catch(() => "")).trim();
    const isUnfinished = owner === dataDir && !existsSync(path.join(home, "postgres"));
    const isOfDeletedTest =
      owner.startsWith(`${tmpdir()}/`) && !existsSync(owner) && !(await livingServer(path.join(home, "postgres")));
    if (isUnfinished || isOfDeletedTest) await rm(home, { recursive: true, force: true }).catch(() => undefined);
  }
}
