import { definePlugin, handleJob } from "../../core/mod.ts";
import { applyEvent } from "./apply_stripe_event.ts";
import { applyStripeEvent } from "./jobs.ts";
import { manifest } from "./manifest.ts";
import { reconcileByNight } from "./reconcile.ts";
import { routes } from "./routes.ts";
import { countUnapplied, sweepEvents } from "./sweep.ts";

export default definePlugin({
  manifest,
  setup: (ctx) => ({
    routes: routes(ctx),
    jobs: [handleJob(applyStripeEvent, ({ payload, trx }) => applyEvent(ctx, trx, payload.event_id))],
    schedules: [
      {
        name: "sweep",
        everyMs: 60_000,
        run: async (signal) => {
          await sweepEvents(ctx, signal);
        },
      },
      ...(ctx.env.STRIPE_API_KEY === undefined
        ? []
        : [{ name: "reconcile", cron: "17 3 * * *", run: (signal: AbortSignal) => reconcileByNight(ctx, signal) }]),
    ],
    gauges: [
      {
        name: "events",
        help: "Stripe events without an outcome: stored, waiting for what they name, or dead.",
        label: "status",
        read: () => countUnapplied(ctx),
      },
    ],
  }),
});
