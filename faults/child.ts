/** A process of Keyrack that is killed and started again. */
import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";

const root = path.join(import.meta.dirname, "..");
/** How many characters of the last output are kept for the error message if the process ends by itself. */
const keptCharacters = 4_000;
const startWithinMs = 60_000;

export class Child {
  readonly file: string;
  #variables: Readonly<Record<string, string>>;
  #process: ChildProcess | undefined;
  #output = "";
  #port = 0;
  #killed = false;
  /** Ends of the process that the test did not cause. */
  readonly unexpectedEnds: string[] = [];

  constructor(file: string, variables: Readonly<Record<string, string>>) {
    this.file = file;
    this.#variables = variables;
  }

  /** The port of a web process, set at its first start. A new start uses the same port. */
  get port(): number {
    return this.#port;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Its last output. */
  get output(): string {
    return this.#output;
  }

  /** Resolves when it works or listens. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, ["--import", "tsx", path.join(root, this.file)], {
      env: this.#variables,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#process = child;
    this.#killed = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output = (this.#output + text).slice(-keptCharacters);
      });
    }
    child.once("exit", (code, signal) => {
      if (!this.#killed || this.#process !== child) {
        this.unexpectedEnds.push(`${this.file} ended by itself (${code ?? signal}):\n${this.#output}`);
      }
    });
    const late = setTimeout(() => child.kill("SIGKILL"), startWithinMs);
    try {
      const { port } = await new Promise<{ port?: number }>((resolve, reject) => {
        child.once("message", (message) => resolve(message as { port?: number }));
        child.once("exit", () => reject(new Error(`${this.file} did not start:\n${this.#output}`)));
      });
      if (port !== undefined) {
        this.#port = port;
        this.#variables = { ...this.#variables, PORT: String(port) };
      }
    } finally {
      clearTimeout(late);
    }
  }

  /** Sends SIGKILL, so that it can finish nothing. Resolves when it has ended. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    this.#killed = true;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }
}
