import { defineManifest } from "../../core/mod.ts";
import * as z from "zod";

import { applyStripeEvent, askStripe } from "./jobs.ts";

/** One secret, or several with commas between them while a new one is rolled in. The messages never quote the value. */
const webhookSecrets = z
  .string()
  .transform((list) => list.split(",").map((secret) => secret.trim()))
  .refine((secrets) => secrets.every((secret) => /^\S{16,}$/.test(secret)), {
    error: "is not one or more signing secrets of 16 characters at least, with commas between them",
  });

export const manifest = defineManifest({
  id: "billing",
  summary: "Takes Stripe's events and computes from them until when a hotel is paid for.",
  requires: ["identity"],
  permissions: {
    env: {
      STRIPE_API_KEY: z
        .string()
        .regex(/^(sk|rk)_\S+$/, "is not a secret or restricted key (sk_… or rk_…)")
        .optional(),
      STRIPE_WEBHOOK_SECRET: webhookSecrets.optional().meta({ localSecret: "whsec_" }),
      STRIPE_API_BASE: z.url({ protocol: /^https?$/, error: "is not an http:// or https:// URL" }).optional(),
      PUBLIC_URL: z
        .url({ protocol: /^https?$/, error: "is not an http:// or https:// URL" })
        .refine((url) => !URL.canParse(url) || !/[?#@]/.test(url), "has more than a host and a path")
        .optional(),
      STRIPE_PRICE_ID: z.string().min(1).optional(),
      GRACE_DAYS: z.coerce.number().int().min(0).max(365).default(3),
    },
    net: ["api.stripe.com", { env: "STRIPE_API_BASE" }],
    tables: {
      "identity.hotels": {
        // What is changed is read too: the version to count it up, the others to leave it alone where nothing changes.
        select: ["hotel_id", "trial_ends_at", "subscription_valid", "valid_to", "version"],
        update: ["subscription_valid", "valid_to", "version"],
      },
    },
    jobs: [applyStripeEvent, askStripe],
    crossTenant: "an event of Stripe's is stored before it is known whose it is, and a worker finds its hotel",
  },
});
