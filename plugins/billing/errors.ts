import { defineProblems } from "../../core/mod.ts";

export const billingProblems = defineProblems({
  STRIPE_SIGNATURE_INVALID: { status: 400, title: "The signature is invalid" },
  STRIPE_EVENT_INVALID: { status: 400, title: "The body is not a Stripe event" },
  SUBSCRIPTION_EXISTS: { status: 409, title: "The hotel is already subscribed" },
  NO_STRIPE_CUSTOMER: { status: 409, title: "The hotel has no Stripe customer of its own" },
  STRIPE_REFUSED: { status: 502, title: "Stripe refused the request" },
  STRIPE_UNAVAILABLE: { status: 503, title: "Stripe can't be reached" },
  BILLING_NOT_CONFIGURED: { status: 503, title: "Billing is not configured on this platform" },
});
