/** Stripe's API, for those who have to ask it: a client on the plugin's own fetch, made when it is first used. */
import type Stripe from "stripe";

import type { BillingContext } from "../context.ts";
import { loadStripe } from "./sdk.ts";

/** Gives the client. Each call gives the same one. */
export type StripeApi = () => Promise<Stripe>;

/**
 * The API by the platform's key, at `STRIPE_API_BASE` where that is set.
 * @returns undefined where no key is set
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

/** How a call to Stripe failed, in words that hold no key and no body. */
export interface StripeFailure {
  /** True where the same call may succeed later: Stripe is out of reach, at fault, or has had too many calls. */
  readonly retryable: boolean;
  readonly words: string;
}

/** Reads an error of the SDK's. @returns undefined where it is none */
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
