/** Starts more web processes on the database of a test, as a platform in production has several. */
import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";

import { processVariables } from "../core/config/env.ts";
import { TestClient } from "./client.ts";

export interface WebProcesses {
  readonly clients: readonly TestClient[];
  close(): Promise<void>;
}

const program = path.join(import.meta.dirname, "..", "bin", "web.ts");

/** Starts `count` web processes. @throws Error with the output of a process that does not start */
export async function startWebProcesses(
  variables: Readonly<Record<string, string>>,
  count: number,
): Promise<WebProcesses> {
  const env = { PATH: processVariables()["PATH"], ...variables };
  const children = Array.from({ length: count }, () =>
    spawn(process.execPath, ["--import", "tsx", program], { env, stdio: ["ignore", "pipe", "pipe", "ipc"] }),
  );
  const close = async (): Promise<void> => {
    await Promise.all(children.map(end));
  };
  try {
    return { clients: await Promise.all(children.map(clientOf)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function clientOf(child: ChildProcess): Promise<TestClient> {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-10_000);
    });
  }
  return new Promise((resolve, reject) => {
    child.once("message", (message) => {
      resolve(new TestClient(`http://127.0.0.1:${(message as { port: number }).port}`));
    });
    child.once("exit", () => reject(new Error(`A web process ended: ${output}`)));
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}
