/**
 * Writes the server's messages to `<dataDir>/postgres.log`, or passes them line by line to a function. In both cases
 * the last lines can be read for an error.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

const maxBytes = 8 * 1024 * 1024;
const lineCount = 15;

export interface ServerLog {
  /** For `stdio`: a pipe, or the number of an open file. The server itself writes to the file. */
  readonly target: "pipe" | number;
  /** Marks the start of an attempt. */
  begin(): void;
  /** Reads the other end of the pipe, if the target is a pipe. */
  read(stream: Readable): void;
  /** Returns the last messages of this attempt. They are complete once its processes have ended. */
  lastLines(): Promise<string>;
  close(): void;
}

export function openServerLog(dataDir: string, onLog: ((line: string) => void) | undefined): ServerLog {
  return onLog ? logToFunction(onLog) : logToFile(path.join(dataDir, "postgres.log"));
}

function logToFunction(onLog: (line: string) => void): ServerLog {
  let last: string[] = [];
  let read: Promise<void> = Promise.resolve();
  return {
    target: "pipe",
    begin() {
      last = [];
    },
    read(stream) {
      const lines = last;
      const reader = createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        if (lines.length > lineCount) lines.shift();
        onLog(line);
      });
      read = new Promise((resolve) => reader.once("close", resolve));
    },
    async lastLines() {
      await Promise.race([read, new Promise((resolve) => setTimeout(resolve, 500))]);
      return last.join("\n");
    },
    close: () => undefined,
  };
}

/** Opens the file with mode 0600, because PostgreSQL logs a failed statement with its values. */
function logToFile(name: string): ServerLog {
  let file = openSync(name, "a+", 0o600);
  if (fstatSync(file).size > maxBytes) {
    closeSync(file);
    // Empties the file, then appends to it: opened with "w", each process would write from its own position.
    closeSync(openSync(name, "w"));
    file = openSync(name, "a+", 0o600);
  }
  let from = 0;
  return {
    target: file,
    begin() {
      from = fstatSync(file).size;
    },
    read: () => undefined,
    async lastLines() {
      const end = fstatSync(file).size;
      const start = Math.max(from, end - 8192);
      const buffer = Buffer.alloc(Math.max(0, end - start));
      readSync(file, buffer, 0, buffer.length, start);
      return buffer.toString("utf8").trim().split("\n").slice(-lineCount).join("\n");
    },
    close: () => closeSync(file),
  };
}
