import { definePlugin, handleJob, handleLongJob } from "../../core/mod.ts";
import { applyEvent } from "./apply_stripe_event.ts";
import { askForEvent } from "./ask_stripe.ts";
import { applyStripeEvent, askStripe } from "./jobs.ts";
import { manifest } from "./manifest.ts";
import { routes } from "./routes.ts";
import { createStripeApi } from "./stripe_api.ts";

export default definePlugin({
  manifest,
  setup: (ctx) => {
    const api = createStripeApi(ctx);
    return {
      routes: routes(ctx, api),
      jobs: [
        handleJob(applyStripeEvent, ({ payload, trx }) => applyEvent(ctx, trx, payload.event_id)),
        handleLongJob(askStripe, ({ payload, finish }) => askForEvent(ctx, api, payload.event_id, finish)),
      ],
    };
  },
});
