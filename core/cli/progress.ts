import { SingleBar } from "cli-progress";

import type { Progress } from "../plugin/command.ts";

/** What a bar or a line is written to: standard error, which leaves standard output to the command's answer. */
export type ProgressStream = NodeJS.WritableStream & { readonly isTTY?: boolean };

const lineEveryMs = 5_000;

/**
 * Tells how far a command has come: a bar on a terminal; a line at the beginning, each five seconds, and at the end
 * elsewhere.
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
    // Its listeners would come after ours, which end the process at once (process.ts).
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
  let told = Date.now();
  const tell = (end = "") => stream.write(`${words}: ${done}${all > 0 ? ` of ${all}` : ""}${end}\n`);
  tell();
  return {
    total: (steps) => {
      all = steps;
    },
    step: (steps = 1) => {
      done += steps;
      if (Date.now() - told < lineEveryMs) return;
      told = Date.now();
      tell();
    },
    end: () => void tell(", done"),
  };
}
