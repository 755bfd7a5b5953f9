/** The attempts of a malicious plugin. On Deno, with the permissions of a process, each of them must fail. */
import { spawnSync } from "node:child_process";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { linkSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import os from "node:os";
import path from "node:path";
import { Worker as NodeWorker } from "node:worker_threads";

/** The targets of the attempts. Without a restriction by Deno, every attempt succeeds. */
export interface Targets {
  /** The port of an HTTP server on 127.0.0.1. Its every answer is a JavaScript module. */
  readonly port: number;
  /** The URL from which code is imported. With Deno's restrictions it is a host that Deno trusts by default. */
  readonly trusted: string;
  /** Files outside the process's permissions. */
  readonly file: string;
  readonly newFile: string;
  /** A folder that the process may write to. */
  readonly ownFolder: string;
  /** A native library that the process has loaded. */
  readonly library: string;
}

/** A variable that no manifest names. */
export const unnamedVariable = "KEYRACK_TEST_UNNAMED";

/** The outcome of each attempt by its name: "done", or the message of the refusal. */
export type Outcomes = Readonly<Record<string, string>>;

interface DenoPart {
  readonly Command: new (program: string) => { outputSync(): unknown };
  readonly listen: (where: { hostname: string; port: number }) => { close(): void };
  readonly dlopen: (file: string, symbols: object) => unknown;
  readonly permissions: { request(what: { name: string }): Promise<{ state: string }> };
}

interface WorkerPart {
  addEventListener(type: "message", listener: (event: { data: string }) => void): void;
  terminate(): void;
}

interface StoragePart {
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

interface CachesPart {
  open(name: string): Promise<{ put(url: string, answer: Response): Promise<void> }>;
  delete(name: string): Promise<boolean>;
}

/** The globals that store data under DENO_DIR without a permission. A Worker has them all again. */
interface Globals {
  readonly caches?: CachesPart;
  readonly localStorage?: StoragePart;
  readonly sessionStorage?: StoragePart;
  readonly Worker?: new (url: string, options: object) => WorkerPart;
}

const { Deno: deno } = globalThis as unknown as { Deno: DenoPart };

function theGlobal<Name extends keyof Globals>(name: Name): NonNullable<Globals[Name]> {
  const found = (globalThis as Globals)[name];
  if (found === undefined) throw new Error(`Is not there: ${name}.`);
  return found;
}

type Attempt = (targets: Targets) => unknown;

const attempts: Readonly<Record<string, Attempt>> = {
  "open another port": async ({ port }) => {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.destroy();
  },
  "fetch from another host": ({ port }) => fetch(`http://127.0.0.1:${port}/`).then((answer) => answer.text()),
  "look a name up": () => lookup("localhost"),
  "listen on a port of its own": () => deno.listen({ hostname: "127.0.0.1", port: 0 }).close(),
  "import code from a host that Deno trusts": ({ trusted }) => import(`${trusted}/${Math.random()}.js`),
  "import code from another host": ({ port }) => import(`http://127.0.0.1:${port}/${Math.random()}.js`),
  "read another file": ({ file }) => readFileSync(file),
  "read /etc/passwd": () => readFileSync("/etc/passwd"),
  "read the checkout beside the code": () => readFileSync("package.json"),
  "import a file outside": ({ file }) => import(`file://${file}`),
  "write another file": ({ newFile }) => writeFileSync(newFile, "x"),
  "open the code to write": () => openSync(import.meta.filename, "r+"),
  "read through a symbolic link in its own folder": ({ file, ownFolder }) => throughLink(symlinkSync, file, ownFolder),
  "read through a hard link in its own folder": ({ file, ownFolder }) => throughLink(linkSync, file, ownFolder),
  "run a program": () => {
    // A refused call throws no error, but returns neither a status nor an output.
    if (String(spawnSync("echo", ["ran"]).stdout).trim() !== "ran") throw new Error("No program ran.");
  },
  "run a program by Deno's own means": () => new deno.Command("true").outputSync(),
  "call the C library through a library that is loaded": ({ library }) =>
    deno.dlopen(library, { getpid: { parameters: [], result: "i32" } }),
  "signal another process": () => process.kill(process.ppid, 0),
  "read a variable that no manifest names": () => {
    if (process.env[unnamedVariable] === undefined) throw new Error("Reads as not set.");
  },
  "list the variables": () => {
    if (!(unnamedVariable in process.env)) throw new Error("Reads as not set.");
  },
  "learn the machine's addresses": () => os.networkInterfaces(),
  "do it in a worker": ({ file }) => inWorker(file),
  "do it in a worker of Node's": () => inNodeWorker(),
  "write by the Cache API": async () => {
    const name = `attempt-${Math.random()}`;
    const cache = await theGlobal("caches").open(name);
    await cache.put("https://nowhere.invalid/", new Response("kept"));
    await theGlobal("caches").delete(name);
  },
  "write to localStorage": () => keep(theGlobal("localStorage")),
  "write to sessionStorage": () => keep(theGlobal("sessionStorage")),
  "ask for more": async () => {
    const { state } = await deno.permissions.request({ name: "run" });
    if (state !== "granted") throw new Error(`Requires a person, and got: ${state}.`);
  },
};

function throughLink(link: (target: string, at: string) => void, file: string, folder: string): void {
  const at = path.join(folder, `link-${Math.random()}`);
  link(file, at);
  try {
    readFileSync(at);
  } finally {
    rmSync(at);
  }
}

async function inWorker(file: string): Promise<void> {
  const code = `
    try {
      Deno.readTextFileSync(${JSON.stringify(file)})
      postMessage("done")
    } catch (error) {
      postMessage(error.message)
    }`;
  const WebWorker = theGlobal("Worker");
  const worker = new WebWorker(`data:text/javascript,${encodeURIComponent(code)}`, { type: "module" });
  const said = await new Promise<string>((resolve) => {
    worker.addEventListener("message", ({ data }) => resolve(data));
  });
  worker.terminate();
  if (said !== "done") throw new Error(said);
}

async function inNodeWorker(): Promise<void> {
  const worker = new NodeWorker("require('node:worker_threads').parentPort.postMessage(typeof caches)", { eval: true });
  const [said] = (await once(worker, "message")) as [string];
  await worker.terminate();
  if (said !== "object") throw new Error("Is not there: caches.");
}

function keep(storage: StoragePart): void {
  const name = `attempt-${Math.random()}`;
  storage.setItem(name, "kept");
  storage.removeItem(name);
}

/** Runs all attempts, one after the other. */
export async function tryEverything(targets: Targets): Promise<Outcomes> {
  const outcomes: Record<string, string> = {};
  for (const [name, attempt] of Object.entries(attempts)) {
    try {
      await attempt(targets);
      outcomes[name] = "done";
    } catch (error) {
      outcomes[name] = (error as Error).message;
    }
  }
  return outcomes;
}
