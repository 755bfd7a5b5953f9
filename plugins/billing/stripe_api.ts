/** Stripe's API, for the few calls that are made to it. Nobody who only takes in or applies events loads this. */
import type { Stripe } from "stripe";

import type { BillingContext } from "./context.ts";
import { billingProblems } from "./errors.ts";
import { loadStripe } from "./stripe_sdk.ts";

/**
 * Makes a client that goes by `ctx.fetch`, to `STRIPE_API_BASE` where that is set.
 * @throws Problem BILLING_NOT_CONFIGURED without STRIPE_API_KEY
 */
export async function createStripeApi(ctx: BillingContext): Promise<Stripe> {
  const { STRIPE_API_KEY: key, STRIPE_API_BASE: base } = ctx.env;
  if (key === undefined) throw billingProblems.BILLING_NOT_CONFIGURED("STRIPE_API_KEY is not set.");
  const StripeClient = await loadStripe();
  return new StripeClient(key, {
    httpClient: StripeClient.createFetchHttpClient(ctx.fetch),
    maxNetworkRetries: 2,
    timeout: 20_000,
    telemetry: false,
    ...(base === undefined ? {} : addressOf(new URL(base))),
  });
}

function addressOf({ protocol, hostname, port }: URL) {
  const secure = protocol === "https:";
  return { protocol: secure ? "https" : "http", host: hostname, port: port || (secure ? 443 : 80) } as const;
}
