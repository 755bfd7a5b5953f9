/**
 * Starts the whole platform on one machine: `npm start`. Starts an embedded PostgreSQL if DATABASE_URL is not set, runs
 * the migrations, and then starts the processes of the Procfile.
 *
 * With `--deno` (`npm run start:deno`) these processes run on Deno, each with exactly its permissions. This process and
 * the database stay on Node and run no code of plugins. Manifests, migrations and the demo are evaluated on Deno
 * (`core/deno/sandbox.ts`).
 */
import path from "node:path";

import { readBlueprint } from "../core/boot.ts";
import { readProgramOptions } from "../core/cli/program_options.ts";
import { flag } from "../core/plugin/command.ts";
import { loginRole, urlAs, withoutLogin } from "../core/db/role_names.ts";
import { type DemoLogin, makeDemo, playDemo } from "../core/plugin/demo_part.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../embedded/mod.ts";
import type { Sandbox } from "../core/deno/sandbox.ts";
import { processVariables, type Variables } from "../core/config/env.ts";
import { BootError } from "../core/errors.ts";
import { migrateDatabase } from "../core/migrate_database.ts";
import { runProcess } from "../core/process/run_process.ts";
import { buildScreensOf } from "../web/build/build.ts";
import { nodeProgram, type Processes, type Program, startProcfile } from "../core/process/procfile.ts";

/** Starts everything and prints what to do next. @returns a function that ends everything */
async function startPlatform(given: Variables, isOnDeno: boolean): Promise<() => Promise<void>> {
  const started = performance.now();
  const deno = isOnDeno ? await onDeno() : undefined;
  const { env, plugins } = await readBlueprint(given, deno?.sandbox.find);
  // At the same time as PostgreSQL starts, so it costs no time.
  const screens = buildScreensOf(plugins);
  screens.catch(() => undefined);
  const { url, postgres } = await openDatabase(given["DATABASE_URL"], env.DATA_DIR);
  const variables = {
    ...given,
    DATABASE_URL: url,
    // With a log line for each request, the text of `printWelcome` would scroll away. LOG_LEVEL=info logs them.
    LOG_LEVEL: given["LOG_LEVEL"] ?? "warn",
    // No gateway protects it, and /metrics needs no login. Other machines reach it only if HOST is set.
    HOST: given["HOST"] ?? "127.0.0.1",
  };
  let processes: Processes | undefined;
  const close = async (): Promise<void> => {
    await processes?.close();
    await postgres?.stop();
  };
  try {
    const runTime = { ...variables, DATABASE_URL: withoutLogin(url) };
    // Runs before the migrations, so that a plugin without approval changes nothing in the database.
    const program = deno === undefined ? nodeProgram(runTime) : await deno.programFor(runTime);
    await migrateDatabase(variables, deno?.sandbox);
    await screens;
    processes = await startProcfile(path.join(import.meta.dirname, "..", "Procfile"), program);
    const port = processes.port ?? env.PORT;
    const address = `http://localhost:${port}`;
    const play = deno?.sandbox.playDemo ?? playDemo;
    const isEmbedded = postgres !== undefined;
    const target = { address, databaseUrl: urlAs(url, loginRole, env.SECRET_KEY) };
    const demo = isEmbedded ? await makeDemo(target, env.DATA_DIR, play) : await play();
    printWelcome(address, demo.login, demo.tryPaths, performance.now() - started);
    void Promise.race([processes.exited, postgres?.exited ?? new Promise(() => undefined)]).then((why) => {
      process.stderr.write(
        `start: ${typeof why === "string" ? why : "the database"} has ended. Stopping the other processes.\n`,
      );
      process.exitCode = 1;
      process.kill(process.pid, "SIGTERM");
    });
    return close;
  } catch (error) {
    await close();
    throw error;
  }
}

/** Starts the embedded PostgreSQL if the operator has set no address. */
async function openDatabase(
  givenUrl: string | undefined,
  dataDir: string,
): Promise<{ readonly url: string; readonly postgres: EmbeddedPostgres | undefined }> {
  if (givenUrl !== undefined) return { url: givenUrl, postgres: undefined };
  const postgres = await startEmbeddedPostgres({ dataDir });
  return { url: postgres.url, postgres };
}

interface OnDeno {
  readonly sandbox: Sandbox;
  readonly programFor: (variables: Variables) => Promise<Program>;
}

/** Loads the code for Deno, which other starts do not need. @throws BootError if Deno is not installed */
async function onDeno(): Promise<OnDeno> {
  const { denoProgram, findDeno, noDeno } = await import("../core/deno/command.ts");
  const { createSandbox } = await import("../core/deno/sandbox.ts");
  const deno = findDeno();
  if (deno === undefined) throw new BootError([noDeno]);
  const sandbox = createSandbox(deno);
  return { sandbox, programFor: (variables) => denoProgram(deno, variables, sandbox.find) };
}

function printWelcome(address: string, login: DemoLogin | undefined, paths: readonly string[], ms: number): void {
  const { username, password } = login ?? { username: "<username>", password: "<password>" };
  const lines = [
    `Keyrack is ready after ${(ms / 1000).toFixed(1)} s. Open the front desk in a browser:`,
    `  ${address}/`,
    ...(login === undefined ? ["Sign up there first."] : [`Log in as ${username} with the password ${password}`]),
    "",
    `The API to read and try: ${address}/docs`,
    "Calls to try:",
    `  TOKEN=$(curl -s ${address}/auth/token -d username=${username} -d password=${password} ` +
      `| sed 's/.*"access_token":"\\([^"]*\\).*/\\1/')`,
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
