import { defineProblems } from "../../core/mod.ts";

export const billingProblems = defineProblems({
  STRIPE_SIGNATURE_INVALID: { status: 400, title: "The signature does not hold" },
  STRIPE_EVENT_INVALID: { status: 400, title: "The body is no event of Stripe's" },
  SUBSCRIPTION_EXISTS: { status: 409, title: "The hotel is subscribed already" },
  NO_STRIPE_CUSTOMER: { status: 409, title: "The hotel has no customer of its own at Stripe" },
  STRIPE_REFUSED: { status: 502, title: "Stripe refused the request" },
  STRIPE_UNAVAILABLE: { status: 503, title: "Stripe can't be reached" },
  BILLING_NOT_CONFIGURED: { status: 503, title: "Billing is not set up on this platform" },
});
