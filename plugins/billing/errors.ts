import { defineProblems } from "../../core/mod.ts";

export const billingProblems = defineProblems({
  STRIPE_SIGNATURE_INVALID: { status: 400, title: "The signature does not hold" },
  STRIPE_EVENT_INVALID: { status: 400, title: "The body is no event of Stripe's" },
  BILLING_NOT_CONFIGURED: { status: 503, title: "Billing is not set up on this platform" },
});
