/** The table at the end of the suite's output. */
import type { Sender } from "./sender.ts";
import type { Findings } from "./audit.ts";

export interface Result {
  readonly fault: string;
  readonly store: string;
  readonly injected: number;
  readonly sender: Sender;
  readonly findings: Findings;
  /** From the end of the fault and of the load to the end of the last job. */
  readonly drainedMs: number;
}

const results: Result[] = [];

export function remember(result: Result): void {
  results.push(result);
}

/** Prints the recorded lines. */
export function printTable(): void {
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  const rows = results.map(({ fault, store, injected, sender, findings, drainedMs }) => [
    fault,
    store,
    String(injected),
    String(sender.sent),
    String(sender.answered200),
    [...sender.answers]
      .filter(([answer]) => answer !== "200")
      .map(([answer, times]) => `${answer}: ${times}`)
      .join(", ") || "-",
    String(findings.lost.length),
    String(findings.doubled.length),
    seconds(sender.longestGapMs),
    seconds(drainedMs),
  ]);
  const head = [
    "fault",
    "store",
    "injected",
    "delivered",
    "answered 200",
    "other answers",
    "lost",
    "doubled",
    "longest outage",
    "drained in",
  ];
  const widths = head.map((word, column) => Math.max(word.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ");
  process.stdout.write(`\n${[head, ...rows].map(line).join("\n")}\n\n`);
}
