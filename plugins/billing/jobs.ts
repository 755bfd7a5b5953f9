import { defineJob } from "../../core/mod.ts";
import * as z from "zod";

/** Applies one stored Stripe event. Safe to enqueue twice: an event that has an outcome is left as it is. */
export const applyStripeEvent = defineJob({
  name: "billing.apply-stripe-event",
  payload: z.strictObject({ event_id: z.string() }),
});

/** Asks Stripe for what an event lacks, stores the answer with the event, and applies the event. */
export const askStripe = defineJob({
  name: "billing.ask-stripe",
  payload: z.strictObject({ event_id: z.string() }),
  // Complete events must not wait behind calls to Stripe.
  waitsFor: "network",
});
