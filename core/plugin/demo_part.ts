/**
 * Creates demo data on the first run on a machine. Each plugin with a `demo.ts` adds its part over HTTP, as a client
 * does. The login is stored under DATA_DIR, so that a later start can print it again.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import * as z from "zod";

import { pluginsFolder } from "./discovery.ts";

const loginSchema = z.strictObject({ username: z.string(), password: z.string() });
export type DemoLogin = z.output<typeof loginSchema>;

export const demoSchema = z.strictObject({
  login: loginSchema.optional(),
  /** Paths to `GET` that a newcomer may try. */
  tryPaths: z.array(z.string()),
});
export type Demo = z.output<typeof demoSchema>;

/** Runs the demo parts. @param address the URL of the platform @param isPlayed true if the demo data exists already */
export type PlayDemo = (address: string, isPlayed: boolean) => Promise<Demo>;

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
  readonly play: (session: DemoSession) => Promise<void>;
}

/** Creates the demo data on the first run, and returns its login on every run. @param play runs the plugins' parts */
export async function makeDemo(address: string, dataDir: string, play: PlayDemo = playDemo): Promise<Demo> {
  const memory = path.join(dataDir, "demo_login.json");
  if (existsSync(memory)) {
    const { tryPaths } = await play(address, true);
    return { login: loginSchema.parse(JSON.parse(readFileSync(memory, "utf8"))), tryPaths };
  }
  const demo = await play(address, false);
  if (demo.login !== undefined) writeFileSync(memory, JSON.stringify(demo.login), { mode: 0o600 });
  return demo;
}

/** Runs the parts in this process. */
export const playDemo: PlayDemo = async (address, isPlayed) => {
  const parts = await demoParts();
  const tryPaths = parts.flatMap((part) => part.tryPaths ?? []);
  if (isPlayed) return { tryPaths };
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
  for (const part of parts) await part.play(session);
  return { ...(session.login === undefined ? {} : { login: session.login }), tryPaths };
};

async function demoParts(): Promise<DemoPart[]> {
  const files = readdirSync(pluginsFolder)
    .map((id) => path.join(pluginsFolder, id, "demo.ts"))
    .filter((file) => existsSync(file));
  const parts = await Promise.all(
    files.map(async (file) => {
      const { demo }: { demo: DemoPart } = await import(pathToFileURL(file).href);
      return demo;
    }),
  );
  return parts.sort((a, b) => a.order - b.order);
}
