/**
 * Computes the permissions of one process on Deno: those of the core, and those in the manifests of its plugins.
 *
 * Hosts and folders come from the environment, so that each set belongs to the values of some variables. `deno.json`
 * has the sets of a machine where no variable is set (`defaults`). `npm run start:deno` makes sets from its variables.
 */
import path from "node:path";

import { neededPlugins } from "../boot.ts";
import type { LoadedPlugin } from "../plugin/contract.ts";
import { isInS3, s3Endpoint } from "../files/s3/settings.ts";
import {
  coreReads,
  coreSys,
  coreVariables,
  libraryVariables,
  nativeLibraries,
  type ProcessKind,
  root,
} from "./core_needs.ts";
import type { Variables } from "../config/env.ts";

/** One permission and its reason. */
export interface Need {
  readonly value: string;
  readonly why: string;
}

/** The permissions by Deno's names. Deno refuses the other kinds (`run`, `import`) to every process. */
export type PermissionSet = Readonly<Record<"read" | "write" | "env" | "net" | "sys" | "ffi", readonly Need[]>>;

/** The addresses of a machine where no variable is set. PostgreSQL and Redis are on this machine. */
export const defaults: Variables = {
  DATABASE_URL: "postgres://127.0.0.1:5432/keyrack",
  REDIS_URL: "redis://127.0.0.1:6379",
};

const defaultPorts: Readonly<Record<string, string>> = {
  "postgres:": "5432",
  "postgresql:": "5432",
  "redis:": "6379",
  "rediss:": "6379",
  "http:": "80",
  "https:": "443",
};

/**
 * Computes the permissions of one process.
 * @param plugins all plugins that were found
 * @param variables of the process; `HOST` must be an address
 */
export function permissionSet(
  kind: ProcessKind,
  plugins: readonly LoadedPlugin[],
  variables: Variables,
): PermissionSet {
  const here = neededPlugins(plugins, listOf(variables["PLUGINS"], ","));
  const isHere = (need: { readonly only?: ProcessKind }): boolean => need.only === undefined || need.only === kind;
  const native = nativeLibraries.filter(({ plugin }) => plugins.some(({ manifest }) => manifest.id === plugin));
  const stores = here.flatMap((plugin) => fileFolder(plugin, variables));
  return {
    read: distinct([
      ...coreReads.filter(isHere).map((need) => ({ value: need.path, why: need.why })),
      ...(listOf(variables["PLUGIN_PATH"], path.delimiter) ?? []).map((folder) => ({
        value: shorten(folder),
        why: "PLUGIN_PATH",
      })),
      ...localSecrets(here, variables),
      ...stores,
      ...databaseFiles(variables),
      ...native.flatMap(({ library, reads }) => reads.map((file) => ({ value: file, why: `${library} asks for it` }))),
    ]),
    write: distinct(stores),
    env: distinct([
      ...Object.entries(coreVariables)
        .filter(([, need]) => isHere(need))
        .map(([value, { why }]) => ({ value, why })),
      ...Object.entries(libraryVariables).map(([value, why]) => ({ value, why })),
      ...here.flatMap(({ manifest }) =>
        Object.keys(manifest.permissions?.env ?? {}).map((value) => ({ value, why: manifest.id })),
      ),
    ]),
    net: distinct([
      ...(kind === "web" ? [{ value: listenAddress(variables), why: "HOST and PORT: where it listens" }] : []),
      ...databaseUrls.flatMap((name) => hostOf(variables[name], name)),
      ...(kind === "worker" ? hostOf(variables["REDIS_URL"], "REDIS_URL") : []),
      ...here.flatMap((plugin) => [...pluginHosts(plugin, variables), ...fileHost(plugin, variables)]),
    ]),
    sys: Object.entries(coreSys).map(([value, why]) => ({ value, why })),
    ffi: native.flatMap(({ library, files, why }) => files.map((value) => ({ value, why: `${library}: ${why}` }))),
  };
}

function listOf(list: string | undefined, separator: string): string[] | undefined {
  return list
    ?.split(separator)
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

/** Makes a path inside the checkout relative to it, so that `deno.json` is the same on every machine. */
export function shorten(file: string): string {
  const relative = path.relative(root, path.resolve(root, file));
  return relative.startsWith("..") || path.isAbsolute(relative) ? path.resolve(root, file) : relative;
}

function inDataDir(variables: Variables, name: string): string {
  return shorten(path.join(variables["DATA_DIR"] ?? ".data", name));
}

/**
 * Returns the files of the secrets that a machine outside production made for itself (core/config/env.ts). They exist
 * before a process starts.
 */
function localSecrets(here: readonly LoadedPlugin[], variables: Variables): Need[] {
  if (variables["NODE_ENV"] === "production") return [];
  const ofPlugins = here.flatMap(({ manifest }) =>
    Object.entries(manifest.permissions?.env ?? {})
      .filter(([, schema]) => typeof schema.meta()?.["localSecret"] === "string")
      .map(([name]) => name),
  );
  return ["SECRET_KEY", ...ofPlugins]
    .filter((name) => variables[name] === undefined)
    .map((name) => ({ value: inDataDir(variables, name.toLowerCase()), why: `${name}, where it is not set` }));
}

/** Returns the folder of a plugin's files if they are on this machine. */
function fileFolder({ manifest }: LoadedPlugin, variables: Variables): Need[] {
  const files = manifest.permissions?.files;
  if (files === undefined) return [];
  const location = files.location === undefined ? undefined : variables[files.location];
  if (location !== undefined && isInS3(location)) return [];
  const value = location === undefined ? inDataDir(variables, manifest.id) : shorten(location);
  return [{ value, why: `${manifest.id}: ${files.reason}` }];
}

/** Returns the host of a plugin's files if they are in S3. */
function fileHost({ manifest }: LoadedPlugin, variables: Variables): Need[] {
  const files = manifest.permissions?.files;
  const location = files?.location === undefined ? undefined : variables[files.location];
  if (files === undefined || location === undefined || !isInS3(location)) return [];
  return hostOf(s3Endpoint(variables), `${manifest.id}: ${files.reason}`);
}

const databaseUrls = ["DATABASE_URL", "REPORTS_DATABASE_URL"] as const;

/** Returns the certificate files that the URLs of the databases name. */
export function databaseFiles(variables: Variables): Need[] {
  return databaseUrls.flatMap((variable) => {
    const url = variables[variable];
    if (url === undefined) return [];
    const { searchParams } = new URL(url);
    return ["sslrootcert", "sslcert", "sslkey"].flatMap((name) => {
      const file = searchParams.get(name);
      return file === null ? [] : [{ value: shorten(file), why: `${name} of ${variable}` }];
    });
  });
}

function listenAddress(variables: Variables): string {
  const host = variables["HOST"] ?? "0.0.0.0";
  return `${host.includes(":") ? `[${host}]` : host}:${variables["PORT"] ?? "8000"}`;
}

/** Returns the host of a URL with its port, because Deno takes a host without a port for all ports. */
export function hostOf(url: string | undefined, why: string): Need[] {
  if (url === undefined) return [];
  const { protocol, hostname, port } = new URL(url);
  return [{ value: `${hostname}:${port === "" ? (defaultPorts[protocol] ?? "443") : port}`, why }];
}

function pluginHosts({ manifest }: LoadedPlugin, variables: Variables): Need[] {
  return (manifest.permissions?.net ?? []).flatMap((entry) =>
    typeof entry === "string"
      ? hostOf(`https://${entry}`, manifest.id)
      : hostOf(variables[entry.env], `${manifest.id}: ${entry.env}`),
  );
}

/** Merges the entries of the same value, with all of their reasons. */
function distinct(needs: readonly Need[]): Need[] {
  const whys = new Map<string, string[]>();
  for (const { value, why } of needs) whys.set(value, [...(whys.get(value) ?? []), why]);
  return [...whys].map(([value, reasons]) => ({ value, why: [...new Set(reasons)].join("; ") }));
}
