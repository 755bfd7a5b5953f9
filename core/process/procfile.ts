/** Runs the processes of the Procfile, as a process manager in production would. */
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

export interface Processes {
  /** The port that the web process listens on, as it told. */
  readonly port: number | undefined;
  /** Names the first process that ended without being asked to. */
  readonly exited: Promise<string>;
  close(): Promise<void>;
}

export interface ProcfileLine {
  readonly name: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly command: string;
  readonly args: readonly string[];
}

/** What a line is started with. */
export interface Started {
  readonly command: string;
  readonly args: readonly string[];
  readonly variables: Variables;
}

/** Turns a line of the Procfile into what is started. */
export type Program = (line: ProcfileLine) => Promise<Started>;

type Variables = Readonly<Record<string, string | undefined>>;

/** Starts a line as it stands, with this very Node. */
export function nodeProgram(variables: Variables): Program {
  return (line) =>
    Promise.resolve({
      command: line.command === "node" ? process.execPath : line.command,
      args: line.args,
      variables: { ...variables, ...line.variables },
    });
}

/** Reads `name: VARIABLE=value command argument`, the part of the format that needs no shell. */
export function readProcfile(file: string): ProcfileLine[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .map((line) => /^(\w+):\s*(.+)$/.exec(line.trim()))
    .filter((match) => match !== null)
    .map(([, name = "", rest = ""]) => {
      const words = rest.split(/\s+/);
      const first = words.findIndex((word) => !/^\w+=/.test(word));
      const variables = Object.fromEntries(
        words.slice(0, first).map((word) => word.split(/=(.*)/s).slice(0, 2) as [string, string]),
      );
      return { name, variables, command: words[first] ?? "", args: words.slice(first + 1) };
    });
}

/** Starts every line of a Procfile and waits until each process says that it is ready. */
export function startProcfile(file: string, program: Program): Promise<Processes> {
  return startLines(readProcfile(file), path.dirname(file), program);
}

/** The same for some lines, in a folder. */
export async function startLines(lines: readonly ProcfileLine[], cwd: string, program: Program): Promise<Processes> {
  const programs = await Promise.all(lines.map(program));
  const children = programs.map((started, index) => ({ name: lines[index]?.name ?? "", child: start(started, cwd) }));
  let closing = false;
  const close = async (): Promise<void> => {
    closing = true;
    await Promise.all(children.map(({ child }) => stop(child)));
  };
  const exited = new Promise<string>((resolve) => {
    for (const { name, child } of children) {
      child.once("exit", () => {
        if (!closing) resolve(`the ${name} process`);
      });
    }
  });
  try {
    const ready = await Promise.all(children.map(({ name, child }) => whenReady(name, child)));
    return { port: ready.find((message) => message.port !== undefined)?.port, exited, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function start({ command, args, variables }: Started, cwd: string): ChildProcess {
  return spawn(command, [...args], {
    cwd,
    env: { ...variables },
    // A group of its own: a Ctrl-C at the terminal reaches only us, and we end the processes in order. The IPC channel
    // tells when a process is ready, and ends it when we are killed. It works alike with a Deno process at its other end.
    detached: true,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}

interface ReadyMessage {
  readonly ready: true;
  readonly port?: number;
}

function whenReady(name: string, child: ChildProcess): Promise<ReadyMessage> {
  return new Promise((resolve, reject) => {
    child.once("message", (message) => resolve(message as ReadyMessage));
    child.once("error", reject);
    child.once("exit", (code, signal) =>
      reject(new Error(`The ${name} process did not start (${signal ?? `exit code ${code}`}).`)),
    );
  });
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
  });
}
