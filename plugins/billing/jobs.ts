import { defineJob } from "../../core/mod.ts";
import * as z from "zod";

/** Applies one stored event of Stripe's. Safe to enqueue twice: an event that has had its effect is left alone. */
export const applyStripeEvent = defineJob({
  name: "billing.apply-stripe-event",
  payload: z.strictObject({ event_id: z.string() }),
});
