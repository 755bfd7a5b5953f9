import { defineJob } from "../../core/mod.ts";
import * as z from "zod";

/** Applies one stored event of Stripe's. Safe to enqueue twice: an event that has had its effect is left alone. */
export const applyStripeEvent = defineJob({
  name: "billing.apply-stripe-event",
  payload: z.strictObject({ event_id: z.string() }),
});

/** Asks Stripe for what an event lacks, keeps the answer with the event, and applies it. */
export const askStripe = defineJob({
  name: "billing.ask-stripe",
  payload: z.strictObject({ event_id: z.string() }),
  // Events that are complete in themselves must not wait for Stripe.
  waitsFor: "network",
});
