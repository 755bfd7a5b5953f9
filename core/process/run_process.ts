/** What all processes of Keyrack have in common: how they stop, and how they fail to start. */
import { BootError } from "../errors.ts";
import { printableLines } from "../values/text.ts";

const stopWithinMs = 30_000;
/** Exit codes of a process that was stopped before it had started: 128 and the number of the signal, as shells have it. */
const stoppedEarly = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Runs a process until SIGINT or SIGTERM, or until the parent that started it has gone, then closes it and exits.
 * @param name for the message when it does not start
 * @param start gives back how to close what it opened
 */
export async function runProcess(name: string, start: () => Promise<() => Promise<void>>): Promise<void> {
  let closing = false;
  let close: (() => Promise<void>) | undefined;
  const stop = (signal: keyof typeof stoppedEarly): void => {
    if (closing) return;
    closing = true;
    // Not started: nothing to finish, and nobody may take it for done (a migration that was cut off, say).
    if (close === undefined) process.exit(stoppedEarly[signal]);
    setTimeout(() => process.exit(1), stopWithinMs).unref();
    close().then(
      () => process.exit(0),
      (error: unknown) => fail(name, error),
    );
  };
  process.on("SIGINT", () => stop("SIGINT"));
  process.on("SIGTERM", () => stop("SIGTERM"));
  // A supervisor holds an IPC channel; when it is killed the channel closes, and nobody is left behind on the port.
  process.on("disconnect", () => stop("SIGTERM"));
  // The parent may have gone before we listened.
  if (process.send !== undefined && !process.connected) stop("SIGTERM");
  try {
    close = await start();
  } catch (error) {
    fail(name, error);
  }
}

function fail(name: string, error: unknown): never {
  // A BootError is written for a person; anything else is a defect, and its stack helps.
  const text = error instanceof BootError ? error.message : error instanceof Error ? error.stack : String(error);
  // A fault can hold the words of a plugin's manifest.
  process.stderr.write(`${printableLines(`${name}: ${text}`)}\n`);
  process.exit(1);
}
