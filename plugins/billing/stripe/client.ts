/** The client of Stripe's API. It uses the plugin's own fetch, and is created when it is first used. */
import type Stripe from "stripe";

import type { BillingContext } from "../context.ts";
import { loadStripe } from "./sdk.ts";

/** Returns the client. Each call returns the same one. */
export type StripeApi = () => Promise<Stripe>;

/**
 * Creates the API with STRIPE_API_KEY, at `STRIPE_API_BASE` if that is set.
 * @returns undefined if STRIPE_API_KEY is not set
 */
export function createStripeApi(ctx: Pick<BillingContext, "env" | "fetch">): StripeApi | undefined {
  const key = ctx.env.STRIPE_API_KEY;
  if (key === undefined) return undefined;
  let client: Promise<Stripe> | undefined;
  return () => (client ??= makeClient(ctx, key));
}

async function makeClient(ctx: Pick<BillingContext, "env" | "fetch">, key: string): Promise<Stripe> {
  const SDK = await loadStripe();
  const base = ctx.env.STRIPE_API_BASE;
  return new SDK(key, {
    httpClient: SDK.createFetchHttpClient(ctx.fetch),
    maxNetworkRetries: 2,
    timeout: 20_000,
    telemetry: false,
    ...(base === undefined ? {} : addressOf(new URL(base))),
  });
}

function addressOf({ protocol, hostname, port }: URL) {
  const isPlain = protocol === "http:";
  return {
    protocol: isPlain ? ("http" as const) : ("https" as const),
    host: hostname,
    port: port === "" ? (isPlain ? 80 : 443) : Number(port),
  };
}

/** A failed call to Stripe, described without the key and without bodies. */
export interface StripeFailure {
  /** True if the same call may succeed later: Stripe is unreachable, fails itself, or limits the rate. */
  readonly retryable: boolean;
  readonly words: string;
}

/** Describes an error of the SDK. @returns undefined for any other error */
export async function stripeFailureOf(error: unknown): Promise<StripeFailure | undefined> {
  const { errors } = await loadStripe();
  if (!(error instanceof errors.StripeError)) return undefined;
  const { type, code, param, requestId, statusCode } = error;
  const retryable =
    error instanceof errors.StripeConnectionError ||
    error instanceof errors.StripeAPIError ||
    error instanceof errors.StripeRateLimitError;
  const parts = [type, statusCode, code, param, requestId].filter((part) => part !== undefined && part !== null);
  return { retryable, words: parts.join(" ") };
}
