/**
 * `npm start`: the whole platform on one machine. An embedded PostgreSQL (where no DATABASE_URL is set), the
 * migrations, and then the very processes that the Procfile names. With `--deno` (`npm run start:deno`) these processes
 * run on Deno, each with exactly its permissions. This process and the database stay on Node, and run no plugin's code:
 * manifests, migrations and the demo are evaluated on Deno (`deno/sandbox.ts`).
 */
import path from "node:path";

import { readBlueprint } from "../core/boot.ts";
import { readProgramOptions } from "../core/cli/program_options.ts";
import { flag } from "../core/plugin/command.ts";
import { withoutLogin } from "../core/db/role_names.ts";
import { type DemoLogin, makeDemo, playDemo } from "../core/plugin/demo_part.ts";
import { startEmbeddedPostgres } from "../embedded/mod.ts";
import type { Sandbox } from "../core/deno/sandbox.ts";
import { processVariables } from "../core/config/env.ts";
import { BootError } from "../core/errors.ts";
import { migrateDatabase } from "../core/migrate_database.ts";
import { runProcess } from "../core/process/run_process.ts";
import { nodeProgram, type Processes, type Program, startProcfile } from "../core/process/procfile.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** Starts everything and prints what to do next. @returns how to end all of it */
async function startPlatform(given: Variables, isOnDeno: boolean): Promise<() => Promise<void>> {
  const started = performance.now();
  const deno = isOnDeno ? await onDeno() : undefined;
  const { env } = await readBlueprint(given, deno?.sandbox.find);
  const postgres =
    given["DATABASE_URL"] === undefined ? await startEmbeddedPostgres({ dataDir: env.DATA_DIR }) : undefined;
  const variables = {
    ...given,
    DATABASE_URL: postgres?.url ?? given["DATABASE_URL"],
    // One line a request would drown the words below; LOG_LEVEL=info brings them back.
    LOG_LEVEL: given["LOG_LEVEL"] ?? "warn",
    // No gateway stands before it, and /metrics is open: other machines reach it only where HOST says so.
    HOST: given["HOST"] ?? "127.0.0.1",
  };
  let processes: Processes | undefined;
  const close = async (): Promise<void> => {
    await processes?.close();
    await postgres?.stop();
  };
  try {
    const runTime = { ...variables, DATABASE_URL: withoutLogin(variables.DATABASE_URL as string) };
    // Before a migration runs: a plugin that was not approved changes nothing.
    const program = deno === undefined ? nodeProgram(runTime) : await deno.programFor(runTime);
    await migrateDatabase(variables, deno?.sandbox);
    processes = await startProcfile(path.join(import.meta.dirname, "..", "Procfile"), program);
    const port = processes.port ?? env.PORT;
    const address = `http://localhost:${port}`;
    const play = deno?.sandbox.playDemo ?? playDemo;
    const isOwn = postgres !== undefined;
    const demo = isOwn ? await makeDemo(address, env.DATA_DIR, play) : await play(address, true);
    welcome(address, demo.login, demo.tryPaths, performance.now() - started);
    void Promise.race([processes.exited, postgres?.exited ?? new Promise(() => undefined)]).then((why) => {
      process.stderr.write(`start: ${typeof why === "string" ? why : "the database"} has ended; stopping the rest.\n`);
      process.exitCode = 1;
      process.kill(process.pid, "SIGTERM");
    });
    return close;
  } catch (error) {
    await close();
    throw error;
  }
}

interface OnDeno {
  readonly sandbox: Sandbox;
  readonly programFor: (variables: Variables) => Promise<Program>;
}

/** Deno's part is loaded only where it is asked for. @throws BootError where there is no deno */
async function onDeno(): Promise<OnDeno> {
  const { denoProgram, findDeno, noDeno } = await import("../core/deno/command.ts");
  const { createSandbox } = await import("../core/deno/sandbox.ts");
  const deno = findDeno();
  if (deno === undefined) throw new BootError([noDeno]);
  const sandbox = createSandbox(deno);
  return { sandbox, programFor: (variables) => denoProgram(deno, variables, sandbox.find) };
}

function welcome(address: string, login: DemoLogin | undefined, paths: readonly string[], ms: number): void {
  const { username, password } = login ?? { username: "<username>", password: "<password>" };
  const lines = [
    `Keyrack answers at ${address} (ready after ${(ms / 1000).toFixed(1)} s). The API to read and try: ${address}/docs`,
    "",
    ...(login === undefined
      ? ["Sign up first, as the README shows. Then:"]
      : [`Log in as ${username} with the password ${password}`]),
    "",
    "Calls to try:",
    `  TOKEN=$(curl -s ${address}/auth/token -d username=${username} -d password=${password} | sed 's/.*"access_token":"\\([^"]*\\).*/\\1/')`,
    ...paths.map((where) => `  curl -s ${address}${where} -H "Authorization: Bearer $TOKEN"`),
    "",
    "npm run demo plays a whole day over HTTP. Ctrl-C stops everything.",
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

const options = await readProgramOptions(
  "npm start --",
  "Starts everything on one machine: PostgreSQL (where DATABASE_URL is not set), the migrations, web and workers.",
  { deno: flag("Run web and workers on Deno, each with exactly its permissions") },
);
await runProcess("start", () => startPlatform(processVariables(), options.deno));
