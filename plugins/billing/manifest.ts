import { defineManifest } from "../../core/mod.ts";
import * as z from "zod";

import { applyStripeEvent, askStripe } from "./jobs.ts";

/**
 * One secret, or several with commas between them while a new secret is introduced. The messages never quote the value.
 */
const webhookSecrets = z
  .string()
  .transform((list) => list.split(",").map((secret) => secret.trim()))
  .refine((secrets) => secrets.every((secret) => /^\S{16,}$/.test(secret)), {
    error: "must be one or more signing secrets of at least 16 characters, with commas between them",
  });

export const manifest = defineManifest({
  id: "billing",
  summary: "Receives Stripe's events and computes from them until when a hotel is paid for.",
  requires: ["identity"],
  web: { calls: ["readSubscription", "startCheckout", "startPortal"] },
  permissions: {
    env: {
      STRIPE_API_KEY: z
        .string()
        .regex(/^(sk|rk)_\S+$/, "must be a secret or restricted key (sk_… or rk_…)")
        .optional(),
      STRIPE_WEBHOOK_SECRET: webhookSecrets.optional().meta({ localSecret: "whsec_" }),
      STRIPE_API_BASE: z.url({ protocol: /^https?$/, error: "must be an http:// or https:// URL" }).optional(),
      PUBLIC_URL: z
        .url({ protocol: /^https?$/, error: "must be an http:// or https:// URL" })
        .refine((url) => !URL.canParse(url) || !/[?#@]/.test(url), "must have only a host and a path")
        .optional(),
      STRIPE_PRICE_ID: z.string().min(1).optional(),
      GRACE_DAYS: z.coerce.number().int().min(0).max(365).default(3),
    },
    net: ["api.stripe.com", { env: "STRIPE_API_BASE" }],
    tables: {
      "identity.hotels": {
        // Changed columns are read too: `version` to increment it, the others to skip an update that changes nothing.
        select: ["hotel_id", "trial_ends_at", "subscription_valid", "valid_to", "version"],
        update: ["subscription_valid", "valid_to", "version"],
      },
    },
    jobs: [applyStripeEvent, askStripe],
    crossTenant: "an event from Stripe is stored before its hotel is known, and a worker finds the hotel",
  },
});
