import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

import { newId } from "../values/ids.ts";
import { checkName } from "./names.ts";
import { FileMissing, type FileStore } from "./store.ts";
import { memberOf } from "../values/unknown_value.ts";

/** Opens a store in one folder of this machine. */
export function folderStore(folder: string): FileStore {
  const fileOf = (name: string): string => {
    checkName(name);
    return path.join(folder, name);
  };
  return {
    async write(name, content, signal) {
      const target = fileOf(name);
      const draft = path.join(folder, `.${name}.${newId()}.part`);
      const hash = createHash("sha256");
      let bytes = 0;
      const count = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          hash.update(chunk);
          bytes += chunk.length;
          done(null, chunk);
        },
      });
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await pipeline(content, count, createWriteStream(draft, { flush: true, mode: 0o600 }), {
          ...(signal && { signal }),
        });
        await rename(draft, target);
        await syncFolder(folder);
      } catch (error) {
        // A source that was never read would wait forever.
        content.destroy();
        await rm(draft, { force: true });
        throw error;
      }
      return { bytes, sha256: hash.digest("hex") };
    },
    async read(name, range) {
      try {
        return (await open(fileOf(name))).createReadStream({ ...range });
      } catch (error) {
        if (memberOf(error, "code") === "ENOENT") throw new FileMissing(name);
        throw error;
      }
    },
    async *list() {
      const names = await readdir(folder).catch((): string[] => []);
      for (const name of names.filter((each) => !each.startsWith("."))) {
        const found = await stat(path.join(folder, name)).catch(() => undefined);
        // A missing file was removed during the listing.
        if (found?.isFile() === true) yield { name, modifiedAt: found.mtime };
      }
    },
    remove: (name) => rm(fileOf(name), { force: true }),
    async sweep(olderThanMs) {
      const names = await readdir(folder).catch((): string[] => []);
      for (const name of names.filter((each) => each.endsWith(".part"))) {
        const file = path.join(folder, name);
        const modified = await stat(file).then(
          ({ mtimeMs }) => mtimeMs,
          () => Number.POSITIVE_INFINITY,
        );
        if (modified < Date.now() - olderThanMs) await rm(file, { force: true });
      }
    },
  };
}

/** Writes the folder to the disk, because a rename is durable only after that. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
