import { type Route, route } from "../../core/mod.ts";
import * as z from "zod";

import { managers } from "../identity/port.ts";
import type { BillingContext } from "./context.ts";
import { billingProblems } from "./errors.ts";
import { readEvent } from "./event.ts";
import { storeEvent } from "./intake.ts";
import { verifyDelivery } from "./signature.ts";
import { readSubscription, subscriptionSchema } from "./subscription.ts";

export function routes(ctx: BillingContext): Route[] {
  const { env, log } = ctx;
  return [
    route({
      id: "takeStripeEvent",
      method: "POST",
      path: "/billing/webhook",
      summary: "Stripe's events",
      description:
        "For Stripe alone, signed in `Stripe-Signature`. An event is stored once by its id and answered at once; a worker applies it.",
      access: "public",
      // No transaction yet: bytes that nobody signed get no connection to the database.
      unit: "none",
      body: "raw",
      bodyLimit: 1024 * 1024,
      status: 200,
      result: z.strictObject({ received: z.literal(true) }),
      problems: ["STRIPE_SIGNATURE_INVALID", "STRIPE_EVENT_INVALID", "BILLING_NOT_CONFIGURED"],
      handler: async ({ body, request }) => {
        const secrets = env.STRIPE_WEBHOOK_SECRET;
        if (secrets === undefined) throw billingProblems.BILLING_NOT_CONFIGURED("STRIPE_WEBHOOK_SECRET is not set.");
        const { text, json } = verifyDelivery(body, request.headers["stripe-signature"], secrets, Date.now());
        const event = readEvent(json);
        const intake = await storeEvent(ctx, event, text);
        const isOdd = intake === "quarantined" || intake === "conflicting";
        log[isOdd ? "warn" : "info"](
          { request_id: request.id, event_id: event.id, type: event.type, livemode: event.livemode, intake },
          "stripe event received",
        );
        return { body: { received: true as const } };
      },
    }),
    route({
      id: "readSubscription",
      method: "GET",
      path: "/billing/subscription",
      summary: "The hotel's subscription, and what valid_to is computed from",
      access: managers,
      unit: "tenant",
      status: 200,
      result: subscriptionSchema,
      handler: async ({ actor, trx }) => ({ body: await readSubscription(trx, actor.tenantId, env.GRACE_DAYS) }),
    }),
  ];
}
