/** `billing replay`: applies events again, one, the failed ones, or all of them into an empty ledger. */
import { type Command, type CommandContext, defineCommand, flag, printable, UsageError } from "../../../core/mod.ts";
import * as z from "zod";

import type { BillingContext } from "../context.ts";
import type { manifest } from "../manifest.ts";
import { deadEventIds, type EventOutcome, replayAll, replayEvent, type ReplayReport } from "../recovery/replay.ts";

export const replay: Command = defineCommand({
  summary: "Apply one event again, those whose jobs are dead, or all events",
  args: { event_id: z.string().optional().describe("The id of one event at Stripe: evt_…") },
  options: {
    failed: flag("Apply the events whose jobs are dead"),
    all: flag("Empty the ledger and apply all events, in one transaction"),
    "dry-run": flag("Print what would change, and roll it back"),
  },
  run: async ({ args: { event_id: eventId }, options: { failed, all, "dry-run": dryRun } }, context) => {
    const { open, print } = context;
    if ([eventId !== undefined, failed, all].filter(Boolean).length !== 1)
      throw new UsageError("Name one event, or --failed, or --all.");
    const ctx = await open<typeof manifest>();
    if (eventId !== undefined) print(outcomeLine(await replayEvent(ctx, eventId, dryRun), dryRun));
    else if (failed) await replayFailed(ctx, context, dryRun);
    else await replayEverything(ctx, context, dryRun);
  },
});

function outcomeLine({ event_id, type, status, status_reason, hotel_id }: EventOutcome, dryRun: boolean): string {
  const of = hotel_id === null ? "" : ` for hotel ${hotel_id}`;
  return `${printable(event_id)} (${type}) ${dryRun ? "would be" : "is"} ${status}${status_reason === null ? "" : ` (${status_reason})`}${of}`;
}

async function replayFailed(ctx: BillingContext, { print, progress }: CommandContext, dryRun: boolean): Promise<void> {
  const ids = await deadEventIds(ctx);
  if (ids.length === 0) return print("No event's job is dead.");
  const lines: string[] = [];
  let failures = 0;
  const shown = progress("events", ids.length);
  for (const id of ids) {
    try {
      lines.push(outcomeLine(await replayEvent(ctx, id, dryRun), dryRun));
    } catch (error) {
      failures += 1;
      lines.push(`${printable(id)} fails: ${(error as Error).message}`);
    }
    shown.step();
  }
  shown.end();
  lines.forEach(print);
  if (failures > 0) throw new Error(`${failures} of ${ids.length} still fail, and their jobs stay dead.`);
}

async function replayEverything(
  ctx: BillingContext,
  { print, progress }: CommandContext,
  dryRun: boolean,
): Promise<void> {
  const shown = progress("events");
  const report = await replayAll(ctx, { dryRun, onTotal: shown.total, onStep: () => shown.step() }).finally(shown.end);
  tell(report, print, dryRun);
  const { failed, failedHotels, kept } = report;
  if (!kept && !dryRun) throw new Error("Events failed that had an outcome before: everything was rolled back.");
  if (failedHotels.length > 0)
    throw new Error(
      `The valid_to of ${failedHotels.length} hotel${failedHotels.length === 1 ? "" : "s"} can't be computed${dryRun ? "" : "; the others were"}.`,
    );
  if (failed.length > 0)
    throw new Error(
      `${failed.length} event${failed.length === 1 ? "" : "s"} can't be applied${dryRun ? "" : "; the others were"}.`,
    );
}

function tell(report: ReplayReport, print: (line: string) => void, dryRun: boolean): void {
  const { events, outcomes, failed, failedHotels, changedTables, changedHotels } = report;
  const counted = Object.entries(outcomes).map(([status, count]) => `${count} ${status}`);
  print(`${events} event${events === 1 ? "" : "s"} applied into empty tables: ${counted.join(", ") || "none"}.`);
  for (const { event_id, error } of failed) print(`${printable(event_id)} fails: ${error}`);
  for (const { hotel_id, error } of failedHotels) print(`hotel ${hotel_id} keeps its valid_to: ${error}`);
  for (const { hotel_id, before, after } of changedHotels)
    print(`hotel ${hotel_id}: valid_to ${before.toISOString()} -> ${after.toISOString()}`);
  print(
    changedTables.length + changedHotels.length === 0
      ? "The ledger and every valid_to are what they were."
      : `Not what they were: ${[...changedTables, ...(changedHotels.length > 0 ? [`valid_to of ${changedHotels.length} hotels`] : [])].join(", ")}.`,
  );
  if (dryRun) print("A dry run: nothing was kept.");
}
