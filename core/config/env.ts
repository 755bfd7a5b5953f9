/** Reads `process.env`. All other files get the variables as typed values from here. */
import { randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as z from "zod";

import { BootError } from "../errors.ts";
import { originsSchema } from "./origins.ts";
import { memberOf } from "../values/unknown_value.ts";

const wholeNumber = (least: number, most: number) =>
  z.string().regex(/^\d+$/, "is not a whole number").transform(Number).pipe(z.number().int().min(least).max(most));

const keySchema = z.string().min(32, "has a key that is shorter than 32 characters");

/**
 * Parses `SECRET_KEY`: one key, or several with commas between them during a rotation. The first one signs. Signatures
 * of the others are still valid.
 */
export const secretKeysSchema = z
  .string()
  .transform((list) => list.split(",").map((key) => key.trim()))
  .pipe(z.tuple([keySchema], keySchema));

export const coreSchema = z.object({
  NODE_ENV: z.enum(["production", "development", "test"]).default("development"),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: "is not a postgres:// URL" }).optional(),
  /** A streaming replica of DATABASE_URL that reports are read from (`db/reports_database.ts`). */
  REPORTS_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: "is not a postgres:// URL" }).optional(),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: "is not a redis:// URL" }).optional(),
  SECRET_KEY: secretKeysSchema.optional(),
  DATA_DIR: z
    .string()
    .min(1)
    .default(".data")
    .transform((folder) => path.resolve(folder)),
  PORT: wholeNumber(0, 65_535).default(8000),
  HOST: z.string().min(1).default("0.0.0.0"),
  /** The number of proxies in front of this process that set X-Forwarded-For. With 0, the header is ignored. */
  TRUSTED_PROXIES: wholeNumber(0, 10).default(0),
  /** Web pages of these origins can call the API from a browser. By default, none can. */
  CORS_ORIGINS: z.string().default("").pipe(originsSchema),
  PLUGINS: z
    .string()
    .transform((list) =>
      list
        .split(",")
        .map((id) => id.trim())
        .filter((id) => id !== ""),
    )
    .optional(),
  PLUGIN_PATH: z.string().default("").transform(foldersOf),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
  /** Requests per minute to one web process (`http/limits/rate_limits.ts`). */
  USER_REQUESTS_PER_MINUTE: wholeNumber(6, 10_000_000).default(3_600),
  TENANT_REQUESTS_PER_MINUTE: wholeNumber(6, 10_000_000).default(18_000),
  ADDRESS_REQUESTS_PER_MINUTE: wholeNumber(6, 10_000_000).default(6_000),
  DATABASE_POOL: wholeNumber(1, 100).default(10),
  /** How long a request waits for a connection before it is refused with 503. */
  DATABASE_WAIT_MS: wholeNumber(1, 60_000).default(1_500),
  /** The settings of file stores in S3 (`files/s3/settings.ts`). */
  AWS_ENDPOINT_URL_S3: z
    .url({ protocol: /^https?$/, error: "is not an http:// or https:// URL" })
    .refine((url) => !/[?#@]/.test(url), "has more than a host and a path")
    .optional(),
  AWS_REGION: z
    .string()
    .regex(/^[a-z0-9-]+$/, "must be the name of a region")
    .optional(),
  AWS_ACCESS_KEY_ID: z.string().min(1).optional(),
  AWS_SECRET_ACCESS_KEY: z.string().min(1).optional(),
  AWS_SESSION_TOKEN: z.string().min(1).optional(),
});

/** The checked variables of the core. `PLUGINS` is undefined for all plugins. `SECRET_KEY` is the first of its keys. */
export type CoreEnv = Omit<z.output<typeof coreSchema>, "SECRET_KEY"> & { readonly SECRET_KEY: string };

/** Environment variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Returns the folders of a list such as `PLUGIN_PATH`, as absolute paths. */
export function foldersOf(list: string): string[] {
  return list
    .split(path.delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => path.resolve(folder));
}

/** Returns the variables of this process, except empty ones. Compose files and shells unset variables this way. */
export function processVariables(): Variables {
  return Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ""));
}

/** Matches the variables that the runtime and its libraries read directly, at any time. */
const runtimeVariables = /^(PATH|HOME|TZ|TMPDIR|LANG|LC_\w+|(NODE|UV|PG|SSL|DENO|NO_COLOR|FORCE_COLOR)(_?\w+)?)$/;

/**
 * Returns the variables of this process and deletes them from `process.env`. A plugin that is loaded later finds no
 * secret there. It gets the variables that its manifest names from `ctx.env`.
 */
export function takeVariables(): Variables {
  const variables = processVariables();
  for (const name of Object.keys(variables)) {
    if (!runtimeVariables.test(name)) delete process.env[name];
  }
  return variables;
}

/** The variables that were read, and a fault for each one that is invalid or missing. */
interface CoreReading {
  /** Undefined if a variable is invalid. */
  readonly env?: CoreEnv;
  readonly faults: readonly string[];
}

/** Reads the core's variables. */
export function readCoreEnv(variables: Variables): CoreReading {
  const known = Object.fromEntries(Object.keys(coreSchema.shape).map((name) => [name, variables[name]]));
  const { success, data, error } = coreSchema.safeParse(known);
  if (!success) {
    return {
      faults: error.issues.map((issue) => `${String(issue.path[0])} ${issue.message}. Remedy: correct or unset it.`),
    };
  }
  if (data.NODE_ENV === "production" && data.SECRET_KEY === undefined) {
    // Returns the other variables, so that the boot can report faults of plugins in the same message.
    return {
      env: { ...data, SECRET_KEY: "" },
      faults: ["SECRET_KEY is missing. Remedy: set it to at least 32 random characters, the same in every process."],
    };
  }
  const SECRET_KEY = data.SECRET_KEY?.[0] ?? localSecret(data.DATA_DIR, "secret_key");
  return { env: { ...data, SECRET_KEY }, faults: [] };
}

/**
 * Returns a random secret, for machines where the variable is not set. The first call writes it into a file under
 * DATA_DIR that only this user can read.
 */
export function localSecret(dataDir: string, name: string, prefix = ""): string {
  const file = path.join(dataDir, name);
  if (!existsSync(file)) {
    mkdirSync(dataDir, { recursive: true });
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, prefix + randomBytes(32).toString("base64url"), { mode: 0o600 });
    try {
      // Links the complete file, so that two processes that start at the same time read the same secret.
      linkSync(draft, file);
    } catch (error) {
      if (memberOf(error, "code") !== "EEXIST") throw error;
    } finally {
      unlinkSync(draft);
    }
  }
  return readFileSync(file, "utf8").trim();
}

/** Stops the boot with its faults. @throws BootError always, so the code after the call has the narrower types */
export function failBoot(...faults: string[]): never {
  throw new BootError(faults);
}

/** Throws one error with all faults. Does nothing if there is none. */
export function stopOnFaults(faults: readonly string[]): void {
  if (faults.length > 0) throw new BootError(faults);
}
