/**
 * Creates demo data on the first run on a machine. Each plugin with a `demo.ts` adds its part: over HTTP, as a client
 * does, or by statements as the plugin's own role. The login is stored under DATA_DIR, so that a later start can print
 * it again.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import * as z from "zod";

import { type Database, databaseFor } from "../db/database.ts";
import { openPool } from "../db/pool.ts";
import { pluginsFolder } from "./discovery.ts";

const loginSchema = z.strictObject({ username: z.string(), password: z.string() });
export type DemoLogin = z.output<typeof loginSchema>;

export const demoSchema = z.strictObject({
  login: loginSchema.optional(),
  /** Paths to `GET` that a newcomer may try. */
  tryPaths: z.array(z.string()),
});
export type Demo = z.output<typeof demoSchema>;

/** Where the demo is made. */
export interface DemoTarget {
  /** The URL of the platform. */
  readonly address: string;
  /** The URL of the database with the run-time login, which can only switch to the plugins' roles. */
  readonly databaseUrl: string;
}

/** Runs the demo parts. @param target undefined if the demo data exists already */
export type PlayDemo = (target?: DemoTarget) => Promise<Demo>;

/** The session that the demo parts share. The parts run in the order of `DemoPart.order`. */
export interface DemoSession {
  /** The login of the demo. The first part sets it. */
  login?: DemoLogin;
  token?: string;
  /** Calls the API with the session's token. @throws Error if the answer is not a success */
  call(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>;
}

export interface DemoPart {
  readonly order: number;
  /** Paths to `GET` that a newcomer may try. */
  readonly tryPaths?: readonly string[];
  /** @param db acts as the plugin's role, which sees the rows of one tenant in a transaction */
  readonly play: (session: DemoSession, db: Pick<Database, "tenant">) => Promise<void>;
}

/** Creates the demo data on the first run, and returns its login on every run. @param play runs the plugins' parts */
export async function makeDemo(target: DemoTarget, dataDir: string, play: PlayDemo = playDemo): Promise<Demo> {
  const memory = path.join(dataDir, "demo_login.json");
  if (existsSync(memory)) {
    const { tryPaths } = await play();
    return { login: loginSchema.parse(JSON.parse(readFileSync(memory, "utf8"))), tryPaths };
  }
  const demo = await play(target);
  if (demo.login !== undefined) writeFileSync(memory, JSON.stringify(demo.login), { mode: 0o600 });
  return demo;
}

/** Runs the parts in this process. */
export const playDemo: PlayDemo = async (target) => {
  const parts = await demoParts();
  const tryPaths = parts.flatMap(({ demo }) => demo.tryPaths ?? []);
  if (target === undefined) return { tryPaths };
  const session = sessionAt(target.address);
  const pool = openPool({ url: target.databaseUrl, max: 1, name: "keyrack demo" });
  try {
    for (const { pluginId, demo } of parts) await demo.play(session, databaseFor(pool, pluginId, false));
  } finally {
    await pool.destroy();
  }
  return { ...(session.login === undefined ? {} : { login: session.login }), tryPaths };
};

function sessionAt(address: string): DemoSession {
  const session: DemoSession = {
    call: async (method, where, body) => {
      const response = await fetch(address + where, {
        method,
        headers: {
          "content-type": "application/json",
          ...(session.token === undefined ? {} : { authorization: `Bearer ${session.token}` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`The demo's ${method} ${where} answered ${response.status}: ${text}`);
      return text === "" ? {} : JSON.parse(text);
    },
  };
  return session;
}

async function demoParts(): Promise<{ readonly pluginId: string; readonly demo: DemoPart }[]> {
  const ids = readdirSync(pluginsFolder).filter((id) => existsSync(path.join(pluginsFolder, id, "demo.ts")));
  const parts = await Promise.all(
    ids.map(async (pluginId) => {
      const file = path.join(pluginsFolder, pluginId, "demo.ts");
      const { demo }: { demo: DemoPart } = await import(pathToFileURL(file).href);
      return { pluginId, demo };
    }),
  );
  return parts.sort((a, b) => a.demo.order - b.demo.order);
}
