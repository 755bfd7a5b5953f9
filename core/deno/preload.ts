/**
 * Runs on Deno before the process's own code (`--preload`): loads the native libraries, and gives the permissions for
 * them back. A plugin that loads argon2's file by itself could call the C library's `system` through it; after this
 * none can. And it takes away what writes to the disk without asking for a permission.
 */
import path from "node:path";
import { Worker } from "node:worker_threads";

import { nativeLibraries, root } from "./core_needs.ts";

interface Descriptor {
  readonly name: "ffi" | "read";
  readonly path?: string;
}

interface Permissions {
  query(what: Descriptor): Promise<{ readonly state: string }>;
  revoke(what: Descriptor): Promise<{ readonly state: string }>;
}

const { permissions } = (globalThis as unknown as { Deno: { permissions: Permissions } }).Deno;

for (const { library, files, reads } of nativeLibraries) {
  const states = await Promise.all(
    files.map((file) => permissions.query({ name: "ffi", path: path.join(root, file) })),
  );
  if (states.some(({ state }) => state === "granted")) await import(library);
  for (const file of reads) await giveBack({ name: "read", path: file });
}
await giveBack({ name: "ffi" });

// The Cache API and localStorage write under DENO_DIR, whatever the process may write to.
for (const name of ["caches", "Cache", "CacheStorage", "localStorage", "sessionStorage", "Storage", "Worker"]) {
  if (!Reflect.deleteProperty(globalThis, name)) throw new Error(`Deno did not let ${name} go.`);
}
// A worker would have all of them anew, because no preload runs in it. Node's class for one can't be taken out of its
// module, but its constructor calls the class that it extends first, and that is ours from here on.
Object.setPrototypeOf(Worker, function noWorker() {
  throw new Error("No worker is started here.");
});
Object.freeze(Worker);

async function giveBack(what: Descriptor): Promise<void> {
  const { state } = await permissions.revoke(what);
  if (state === "granted") throw new Error(`Deno did not take back the permission ${JSON.stringify(what)}.`);
}
