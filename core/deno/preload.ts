/**
 * Runs on Deno before the process's own code (`--preload`). Loads the native libraries, and then revokes the permission
 * to load them. With it a plugin could call the C library's `system` through argon2's file. Removes the globals that
 * write to the disk without a permission.
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

/** Deno's own global. Node's types do not declare it. */
declare const Deno: { readonly permissions: Permissions };

const { permissions } = Deno;

for (const { library, files, reads } of nativeLibraries) {
  const states = await Promise.all(
    files.map((file) => permissions.query({ name: "ffi", path: path.join(root, file) })),
  );
  if (states.some(({ state }) => state === "granted")) await import(library);
  for (const file of reads) await giveBack({ name: "read", path: file });
}
await giveBack({ name: "ffi" });

// The Cache API and localStorage write under DENO_DIR, even if the process has no permission to write there.
for (const name of ["caches", "Cache", "CacheStorage", "localStorage", "sessionStorage", "Storage", "Worker"]) {
  if (!Reflect.deleteProperty(globalThis, name)) throw new Error(`Deno did not remove the global ${name}.`);
}
// A worker would have all of these globals again, because no preload runs in it. Node's Worker can't be removed from
// its module. But its constructor first calls the class that it extends, and the next line replaces that class.
Object.setPrototypeOf(Worker, function noWorker() {
  throw new Error("No worker is started here.");
});
Object.freeze(Worker);

async function giveBack(what: Descriptor): Promise<void> {
  const { state } = await permissions.revoke(what);
  if (state === "granted") throw new Error(`Deno did not revoke the permission ${JSON.stringify(what)}.`);
}
