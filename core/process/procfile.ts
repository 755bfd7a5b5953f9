/** Runs the processes of the Procfile, as a process manager in production would. */
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

export interface Processes {
  /** The port of the web process, as it reported. */
  readonly port: number | undefined;
  /** Resolves with the name of the first process that ended by itself. */
  readonly exited: Promise<string>;
  close(): Promise<void>;
}

export interface ProcfileLine {
  readonly name: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly command: string;
  readonly args: readonly string[];
}

/** The program that a line runs. */
export interface Started {
  readonly command: string;
  readonly args: readonly string[];
  readonly variables: Variables;
}

/** Returns the program of a line of the Procfile. */
export type Program = (line: ProcfileLine) => Promise<Started>;

type Variables = Readonly<Record<string, string | undefined>>;

/** Returns a line's own program, with the Node of this process. */
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
        words.slice(0, first).map((word) => {
          const [variable = "", value = ""] = word.split(/=(.*)/s);
          return [variable, value];
        }),
      );
      return { name, variables, command: words[first] ?? "", args: words.slice(first + 1) };
    });
}

/** Starts every line of a Procfile and waits until each process says that it is ready. */
export function startProcfile(file: string, program: Program): Promise<Processes> {
  return startLines(readProcfile(file), path.dirname(file), program);
}

/** Does the same for some lines, in a folder. */
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
    // With a process group of its own, a Ctrl-C at the terminal reaches only this process, which ends the others in
    // order. Over the IPC channel a process reports that it is ready. When the channel closes, the process ends. Deno
    // has the same channel.
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
    child.once("message", (message: ReadyMessage) => resolve(message));
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
