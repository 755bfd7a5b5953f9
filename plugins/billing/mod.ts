import { definePlugin, handleJob } from "../../core/mod.ts";
import { applyEvent } from "./apply_stripe_event.ts";
import { applyStripeEvent } from "./jobs.ts";
import { manifest } from "./manifest.ts";
import { routes } from "./routes.ts";

export default definePlugin({
  manifest,
  setup: (ctx) => ({
    routes: routes(ctx),
    jobs: [handleJob(applyStripeEvent, ({ payload, trx }) => applyEvent(ctx, trx, payload.event_id))],
  }),
});
