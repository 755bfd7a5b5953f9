import { definePlugin, handleJob, handleLongJob } from "../../core/mod.ts";
import { applyAndEnqueue } from "./apply/apply_stripe_event.ts";
import { fetchMissingForEvent } from "./apply/fetch_missing.ts";
import { applyStripeEvent, askStripe } from "./jobs.ts";
import { manifest } from "./manifest.ts";
import { reconcileNightly } from "./recovery/reconcile.ts";
import { forgetEvents } from "./inbox/retention.ts";
import { routes } from "./routes.ts";
import { createStripeApi } from "./stripe/client.ts";
import { countUnapplied, sweepEvents, sweepWaiting } from "./recovery/sweep.ts";

export default definePlugin({
  manifest,
  setup: (ctx) => {
    const api = createStripeApi(ctx);
    return {
      routes: routes(ctx, api),
      jobs: [
        handleJob(applyStripeEvent, ({ payload, trx }) => applyAndEnqueue(ctx, trx, payload.event_id)),
        handleLongJob(askStripe, ({ payload, finish, signal }) =>
          fetchMissingForEvent(ctx, api, payload.event_id, { finish, signal }),
        ),
      ],
      schedules: [
        {
          name: "sweep",
          everyMs: 60_000,
          run: async (signal) => {
            await sweepEvents(ctx, signal);
          },
        },
        {
          name: "sweep-waiting",
          everyMs: 3_600_000,
          run: async (signal) => {
            await sweepWaiting(ctx, signal);
          },
        },
        {
          name: "forget",
          cron: "41 4 * * *",
          run: async (signal) => {
            await forgetEvents(ctx, signal);
          },
        },
        ...(api === undefined
          ? []
          : [
              {
                name: "reconcile",
                cron: "17 3 * * *",
                waitsFor: "network" as const,
                run: (signal: AbortSignal) => reconcileNightly(ctx, signal),
              },
            ]),
      ],
      gauges: [
        {
          name: "events",
          help: "Stripe events without an outcome: stored, waiting for what they lack or name, or with a dead job.",
          label: "status",
          read: () => countUnapplied(ctx),
        },
      ],
    };
  },
});
