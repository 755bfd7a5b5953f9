import { SingleBar } from "cli-progress";

import type { Progress } from "../plugin/command.ts";

/** The stream of the bar or the lines. It is standard error, because standard output is for the command's answer. */
export type ProgressStream = NodeJS.WritableStream & { readonly isTTY?: boolean };

const lineEveryMs = 5_000;

/**
 * Shows the progress of a command as a bar on a terminal. Elsewhere it writes a line at the beginning, every 5 s and at
 * the end.
 */
export function startProgress(stream: ProgressStream, words: string, total = 0): Progress {
  return stream.isTTY === true ? bar(stream, words, total) : lines(stream, words, total);
}

function bar(stream: ProgressStream, words: string, total: number): Progress {
  const shown = new SingleBar({
    stream,
    format: `${words} [{bar}] {value}/{total} · {duration_formatted}`,
    barCompleteChar: "#",
    barIncompleteChar: "-",
    hideCursor: true,
    // The bar's own signal listeners would run too late, because ours end the process at once (process.ts).
    gracefulExit: false,
    stopOnComplete: false,
  });
  shown.start(total, 0);
  // Shows the cursor again if the process ends in the middle.
  const stop = (): void => {
    process.off("exit", stop);
    shown.stop();
  };
  process.on("exit", stop);
  return {
    total: (steps) => shown.setTotal(steps),
    step: (steps = 1) => shown.increment(steps),
    end: stop,
  };
}

function lines(stream: ProgressStream, words: string, total: number): Progress {
  let done = 0;
  let all = total;
  let writtenAt = Date.now();
  const write = (end = "") => stream.write(`${words}: ${done}${all > 0 ? ` of ${all}` : ""}${end}\n`);
  write();
  return {
    total: (steps) => {
      all = steps;
    },
    step: (steps = 1) => {
      done += steps;
      if (Date.now() - writtenAt < lineEveryMs) return;
      writtenAt = Date.now();
      write();
    },
    end: () => void write(", done"),
  };
}
