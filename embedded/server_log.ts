/** Where the server's messages go: `<dataDir>/postgres.log`, or line by line to a function. Either way the last ones are at hand for an error. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

const LARGEST = 8 * 1024 * 1024;
const LAST_LINES = 15;

export interface ServerLog {
  /** For `stdio`. The file is handed to the server itself, which so needs nobody to write its messages. */
  target: "pipe" | number;
  /** An attempt to start begins. */
  begin(): void;
  /** The other end of the pipe, when the target is one. */
  read(stream: Readable): void;
  /** The last messages of this attempt, all of them read when its processes have ended. */
  lastLines(): Promise<string>;
  close(): void;
}

export function openServerLog(dataDir: string, onLog: ((line: string) => void) | undefined): ServerLog {
  return onLog ? logToFunction(onLog) : logToFile(join(dataDir, "postgres.log"));
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
        if (lines.length > LAST_LINES) lines.shift();
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

/** Mode 0600: a statement that fails is logged with its values. */
function logToFile(path: string): ServerLog {
  let file = openSync(path, "a+", 0o600);
  if (fstatSync(file).size > LARGEST) {
    closeSync(file);
    // Emptied, then appended to: with 'w' each process would write from its own position.
    closeSync(openSync(path, "w"));
    file = openSync(path, "a+", 0o600);
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
      return buffer.toString("utf8").trim().split("\n").slice(-LAST_LINES).join("\n");
    },
    close: () => closeSync(file),
  };
}
