/** `billing reconcile`: asks Stripe for what is missing here. */
import { type Command, defineCommand, flag, printable } from "../../../core/mod.ts";
import type { manifest } from "../manifest.ts";
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
      print(`${printable(id)}  is tied to a hotel here and not known to Stripe`);
    for (const { subscription_id, words } of report.failedSubscriptions)
      print(`${printable(subscription_id)}  is left out, Stripe failed: ${words}`);
    for (const { event_id, words } of report.failedEvents)
      print(`${printable(event_id)}  could not be stored: ${words}`);
    for (const id of report.unreadable) print(`${printable(id)}  can't be read`);
    const seen = `${kind} ${report.events}, subscriptions ${report.subscriptions}, paid invoices ${report.invoices}`;
    print(
      `Stripe lists: ${seen}. ${dryRun ? "Would be stored" : "Stored for a worker to apply"}: ${report.missing.length}.`,
    );
    const [unreadable, failed] = [report.unreadable.length, report.failedSubscriptions.length];
    if (failed > 0)
      throw new Error(`${failed} subscription${failed === 1 ? " was" : "s were"} left out. Run it again.`);
    if (report.failedEvents.length > 0)
      throw new Error(`${report.failedEvents.length} could not be stored. Run it again.`);
    if (unreadable > 0) throw new Error(`${unreadable} could not be read.`);
  },
});
