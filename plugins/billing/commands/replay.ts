/** `billing replay`: applies one event, the failed events or all events again. */
import {
  type Command,
  type CommandContext,
  defineCommand,
  flag,
  printable,
  UsageError,
  asError,
} from "../../../core/mod.ts";
import * as z from "zod";

import type { BillingContext } from "../context.ts";
import type { manifest } from "../manifest.ts";
import { count } from "./count.ts";
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
  const ofHotel = hotel_id === null ? "" : ` for hotel ${hotel_id}`;
  const reason = status_reason === null ? "" : ` (${status_reason})`;
  return `${printable(event_id)} (${type}) ${dryRun ? "would be" : "is"} ${status}${reason}${ofHotel}`;
}

async function replayFailed(ctx: BillingContext, { print, progress }: CommandContext, dryRun: boolean): Promise<void> {
  const ids = await deadEventIds(ctx);
  if (ids.length === 0) return print("No event has a dead job.");
  const lines: string[] = [];
  let failures = 0;
  const shown = progress("events", ids.length);
  for (const id of ids) {
    try {
      lines.push(outcomeLine(await replayEvent(ctx, id, dryRun), dryRun));
    } catch (error) {
      failures += 1;
      lines.push(`${printable(id)} fails: ${asError(error).message}`);
    }
    shown.step();
  }
  shown.end();
  lines.forEach(print);
  if (failures > 0) throw new Error(`${failures} of ${ids.length} events still fail; their jobs stay dead.`);
}

async function replayEverything(
  ctx: BillingContext,
  { print, progress }: CommandContext,
  dryRun: boolean,
): Promise<void> {
  const shown = progress("events");
  const report = await replayAll(ctx, { dryRun, onTotal: shown.total, onStep: () => shown.step() }).finally(shown.end);
  printReport(report, print, dryRun);
  const { failed, failedHotels, committed } = report;
  if (!committed && !dryRun) throw new Error("Events failed that had an outcome before. Everything was rolled back.");
  const rest = dryRun ? "" : "; the others were";
  if (failedHotels.length > 0)
    throw new Error(`The valid_to of ${count(failedHotels.length, "hotel")} can't be computed${rest}.`);
  if (failed.length > 0) throw new Error(`${count(failed.length, "event")} can't be applied${rest}.`);
}

function printReport(report: ReplayReport, print: (line: string) => void, dryRun: boolean): void {
  const { events, outcomes, failed, failedHotels, changedTables, changedHotels } = report;
  const counted = Object.entries(outcomes).map(([status, count]) => `${count} ${status}`);
  print(`${count(events, "event")} applied into empty tables: ${counted.join(", ") || "none"}.`);
  for (const { event_id, error } of failed) print(`${printable(event_id)} fails: ${error}`);
  for (const { hotel_id, error } of failedHotels) print(`hotel ${hotel_id} keeps its valid_to: ${error}`);
  for (const { hotel_id, before, after } of changedHotels)
    print(`hotel ${hotel_id}: valid_to ${before.toISOString()} -> ${after.toISOString()}`);
  const changes: string[] = [...changedTables];
  if (changedHotels.length > 0) changes.push(`valid_to of ${changedHotels.length} hotels`);
  print(changes.length === 0 ? "The ledger and every valid_to are unchanged." : `Changed: ${changes.join(", ")}.`);
  if (dryRun) print("Dry run: everything was rolled back.");
}
