/**
 * The permissions that the core needs on Deno, each with its reason. Deno refuses all that neither this file nor a
 * manifest names. No process may run a program or import code from the network.
 */
import path from "node:path";

import type { CoreEnv } from "../config/env.ts";

/** The folder of the checkout. The paths in `deno.json` are relative to it. */
export const root = path.join(import.meta.dirname, "..", "..");

/** The two programs of a Procfile. */
export type ProcessKind = "web" | "worker";

/** The program that a script in the Procfile starts. */
export const kindOf: Readonly<Record<string, ProcessKind>> = { "bin/web.ts": "web", "workers/main.ts": "worker" };

interface CoreNeed {
  /** The one program that needs it. Absent if both do. */
  readonly only?: ProcessKind;
  readonly why: string;
}

/** Every variable that `core/config/env.ts` reads. The compiler requires an entry for a new one. */
export const coreVariables: Readonly<Record<keyof CoreEnv, CoreNeed>> = {
  NODE_ENV: { why: "production or not" },
  DATABASE_URL: { why: "the database" },
  REPORTS_DATABASE_URL: { why: "the replica that reports are read from" },
  REDIS_URL: { only: "worker", why: "BullMQ's store; a web process has no connection to it" },
  SECRET_KEY: { why: "tokens, and the passwords of the run-time logins" },
  DATA_DIR: { why: "where files are" },
  PORT: { only: "web", why: "where to listen" },
  HOST: { only: "web", why: "where to listen" },
  CORS_ORIGINS: { only: "web", why: "the origins of web pages that may call the API" },
  TRUSTED_PROXIES: { only: "web", why: "the proxies that may set X-Forwarded-For" },
  PLUGINS: { why: "which plugins run in this process" },
  PLUGIN_PATH: { why: "where more plugins are" },
  LOG_LEVEL: { why: "how much is logged" },
  USER_REQUESTS_PER_MINUTE: { only: "web", why: "how many requests of one user are answered" },
  TENANT_REQUESTS_PER_MINUTE: { only: "web", why: "how many requests of one tenant are answered" },
  ADDRESS_REQUESTS_PER_MINUTE: { only: "web", why: "how many requests without a login are answered" },
  DATABASE_POOL: { why: "how many connections" },
  DATABASE_WAIT_MS: { only: "web", why: "how long a request waits for a connection" },
  AWS_ENDPOINT_URL_S3: { why: "where files are, if in S3" },
  AWS_REGION: { why: "where files are, if in S3" },
  AWS_ACCESS_KEY_ID: { why: "opens the store of files, if in S3" },
  AWS_SECRET_ACCESS_KEY: { why: "opens the store of files, if in S3" },
  AWS_SESSION_TOKEN: { why: "is refused if files are in S3" },
};

/** Variables that libraries read by themselves. Every other variable reads as not set. */
export const libraryVariables: Readonly<Record<string, string>> = {
  PGSSLMODE: "pg: an operator who requires TLS must get TLS",
};

export const coreReads: readonly (CoreNeed & { readonly path: string })[] = [
  { path: "core", why: "plugins are found at run time, and what they import is read with them" },
  { path: "plugins", why: "discovery lists the folder and imports each plugin" },
  { path: "node_modules/swagger-ui-dist", only: "web", why: "the files of GET /docs" },
  { path: ".web", only: "web", why: "the built browser app" },
];

/** System information that the core reads, by Deno's names. */
export const coreSys: Readonly<Record<string, string>> = { hostname: "pino asks for it when it is loaded" };

/**
 * Libraries with native code. A plugin that could load a native file could call the C library (`system`, `open`) and so
 * get around every other permission. `preload.ts` loads the file before any plugin, and then revokes the permission.
 */
export const nativeLibraries: readonly {
  readonly library: string;
  readonly plugin: string;
  readonly why: string;
  /** One file per platform that Keyrack runs on. A machine has one of them. */
  readonly files: readonly string[];
  /** Files that the library reads to detect its platform. */
  readonly reads: readonly string[];
}[] = [
  {
    library: "@node-rs/argon2",
    plugin: "identity",
    why: "argon2id off the event loop; revoked before a plugin is loaded",
    files: ["darwin-arm64", "darwin-x64", "linux-arm64-gnu", "linux-x64-gnu"].map(
      (platform) => `node_modules/@node-rs/argon2-${platform}/argon2.${platform}.node`,
    ),
    reads: ["/usr/bin/ldd"],
  },
];
