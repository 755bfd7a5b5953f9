/** `billing reconcile`: stores events and paid invoices that exist at Stripe and are missing here. */
import { type Command, defineCommand, flag, printable } from "../../../core/mod.ts";
import type { manifest } from "../manifest.ts";
import { count } from "./count.ts";
import { reconcile as reconcileWithStripe } from "../recovery/reconcile.ts";

export const reconcile: Command = defineCommand({
  summary: "Store the events and paid invoices of Stripe that are missing here",
  options: {
    "all-events": flag("Ask for delivered events too. Use it after a restore"),
    "dry-run": flag("Print what would be stored, and store nothing"),
  },
  run: async ({ options }, { open, print, progress }) => {
    const { "all-events": allEvents, "dry-run": dryRun } = options;
    const ctx = await open<typeof manifest>();
    if (ctx.env.STRIPE_API_KEY === undefined) throw new Error("STRIPE_API_KEY is not set.");
    const kind = allEvents ? "events" : "undelivered events";
    const events = progress(kind);
    let shown = events;
    const report = await reconcileWithStripe(ctx, {
      dryRun,
      allEvents,
      onEvents: (count) => events.step(count),
      onSubscriptions: (total) => {
        events.end();
        shown = progress("subscriptions", total);
      },
      onSubscription: () => shown.step(),
    }).finally(() => shown.end());
    for (const { event_id, what } of report.missing)
      print(`${printable(event_id)}  ${printable(what)}  ${dryRun ? "would be stored" : "stored"}`);
    for (const id of report.unknownSubscriptions)
      print(`${printable(id)}  is linked to a hotel here, and Stripe does not know it`);
    for (const { subscription_id, words } of report.failedSubscriptions)
      print(`${printable(subscription_id)}  skipped, because Stripe failed: ${words}`);
    for (const { event_id, words } of report.failedEvents)
      print(`${printable(event_id)}  could not be stored: ${words}`);
    for (const id of report.unreadable) print(`${printable(id)}  can't be read`);
    const seen = `${kind} ${report.events}, subscriptions ${report.subscriptions}, paid invoices ${report.invoices}`;
    const stored = dryRun ? "Would be stored" : "Stored for a worker to apply";
    print(`Stripe lists: ${seen}. ${stored}: ${report.missing.length}.`);
    const { failedSubscriptions, failedEvents, unreadable } = report;
    if (failedSubscriptions.length > 0)
      throw new Error(`Skipped ${count(failedSubscriptions.length, "subscription")}. Run the command again.`);
    if (failedEvents.length > 0)
      throw new Error(`Could not store ${count(failedEvents.length, "event")}. Run the command again.`);
    if (unreadable.length > 0) throw new Error(`Could not read ${count(unreadable.length, "object")}.`);
  },
});
