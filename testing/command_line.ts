/** Runs the operator's command line in its own process. */
import { spawn } from "node:child_process";
import path from "node:path";

import { processVariables } from "../core/config/env.ts";

export interface CliResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The program of `npm run -s cli`. */
export const cliProgram = path.join(import.meta.dirname, "..", "bin", "cli.ts");
const longestMs = 60_000;

/** Runs `npm run -s cli -- <args>` with these variables. */
export async function runCli(variables: Readonly<Record<string, string>>, ...args: string[]): Promise<CliResult> {
  const child = spawn(process.execPath, ["--import", "tsx", cliProgram, ...args], {
    env: { PATH: processVariables()["PATH"], ...variables },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: longestMs,
    killSignal: "SIGKILL",
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { code, out, err };
}
