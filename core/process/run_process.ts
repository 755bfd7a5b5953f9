/** Runs a process of Keyrack: stops it on a signal, and reports why it could not start. */
import { BootError } from "../errors.ts";
import { printableLines } from "../values/text.ts";

const stopWithinMs = 30_000;
/**
 * Exit codes of a process that was stopped before it had started. As in shells, each is 128 plus the signal's number.
 */
const stoppedEarly = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Runs a process until SIGINT or SIGTERM, or until its parent process has ended. Then closes it and exits.
 * @param name the process in the message of a failed start
 * @param start returns a function that closes what it opened
 */
export async function runProcess(name: string, start: () => Promise<() => Promise<void>>): Promise<void> {
  let closing = false;
  let close: (() => Promise<void>) | undefined;
  const stop = (signal: keyof typeof stoppedEarly): void => {
    if (closing) return;
    closing = true;
    // The start is not complete, for example a migration that was interrupted. The exit code must not mean success.
    if (close === undefined) process.exit(stoppedEarly[signal]);
    setTimeout(() => process.exit(1), stopWithinMs).unref();
    close().then(
      () => process.exit(0),
      (error: unknown) => fail(name, error),
    );
  };
  process.on("SIGINT", () => stop("SIGINT"));
  process.on("SIGTERM", () => stop("SIGTERM"));
  // A supervisor has an IPC channel to this process. When it is killed the channel closes, and the port becomes free.
  process.on("disconnect", () => stop("SIGTERM"));
  // The parent can have ended before this listener was added.
  if (process.send !== undefined && !process.connected) stop("SIGTERM");
  try {
    close = await start();
  } catch (error) {
    fail(name, error);
  }
}

function fail(name: string, error: unknown): never {
  // A BootError has a message for the operator. Any other error is a defect, and its stack helps.
  const text = error instanceof BootError ? error.message : error instanceof Error ? error.stack : String(error);
  // A fault can contain text of a plugin's manifest.
  process.stderr.write(`${printableLines(`${name}: ${text}`)}\n`);
  process.exit(1);
}
