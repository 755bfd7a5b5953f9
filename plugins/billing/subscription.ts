/** What a manager sees of the hotel's subscription, and what it is computed from. */
import { currencySchema, formatAmount, idSchema, instantOutSchema, type Trx } from "../../core/mod.ts";
import * as z from "zod";

import { isSubscribed } from "../identity/port.ts";
import { foldValidTo } from "./fold.ts";
import type { LockedHotel } from "./ledger.ts";
import { PaidInvoice } from "./models/paid_invoice.ts";

/** Invoices shown; all of them count. */
const mostShown = 24;

export const subscriptionSchema = z
  .strictObject({
    hotel_id: idSchema,
    status: z.enum(["trial", "active", "grace", "lapsed"]).meta({
      description: "`active`: paid for; `trial`; `grace`: what was paid for has ended, still open; `lapsed`.",
    }),
    subscription_valid: z.boolean(),
    valid_to: instantOutSchema.meta({
      description: "The later of the trial's end and `paid_until` with the days of grace.",
    }),
    trial_ends_at: instantOutSchema,
    paid_until: instantOutSchema.nullable().meta({ description: "The greatest `period_end` of the paid invoices." }),
    paid_by: z.string().nullable().meta({ description: "The invoice that `paid_until` is of." }),
    grace_days: z.int(),
    invoices: z
      .array(
        z.strictObject({
          invoice_id: z.string(),
          subscription_id: z.string().nullable(),
          period_start: instantOutSchema.nullable(),
          period_end: instantOutSchema.nullable(),
          amount_paid: z.string(),
          currency: z.string(),
          paid_at: instantOutSchema.nullable(),
        }),
      )
      .meta({ description: `The paid invoices, latest period first; ${mostShown} at most.` }),
  })
  .meta({ id: "HotelSubscription" });

type SubscriptionView = z.input<typeof subscriptionSchema>;

/** Reads the tenant's subscription. */
export async function readSubscription(trx: Trx, hotelId: string, graceDays: number): Promise<SubscriptionView> {
  const hotel = await trx("identity.hotels")
    .where({ hotel_id: hotelId })
    .first<LockedHotel | undefined>("hotel_id", "trial_ends_at", "subscription_valid", "valid_to");
  if (hotel === undefined) throw new Error("The tenant has no hotel.");
  const invoices = await PaidInvoice.query(trx)
    .where({ hotel_id: hotelId })
    .orderByRaw("period_end DESC NULLS LAST, invoice_id");
  const { paid_until, paid_by } = foldValidTo(invoices, hotel.trial_ends_at, graceDays);
  return {
    hotel_id: hotelId,
    status: statusOf(hotel, paid_until, new Date()),
    subscription_valid: isSubscribed(hotel),
    valid_to: hotel.valid_to.toISOString(),
    trial_ends_at: hotel.trial_ends_at.toISOString(),
    paid_until: iso(paid_until),
    paid_by: paid_by ?? null,
    grace_days: graceDays,
    invoices: invoices.slice(0, mostShown).map(invoiceView),
  };
}

function statusOf(hotel: LockedHotel, paidUntil: Date | undefined, now: Date): SubscriptionView["status"] {
  if (!isSubscribed(hotel, now)) return "lapsed";
  if (paidUntil !== undefined && paidUntil > now) return "active";
  return hotel.trial_ends_at > now ? "trial" : "grace";
}

function invoiceView(row: PaidInvoice): SubscriptionView["invoices"][number] {
  return {
    invoice_id: row.invoice_id,
    subscription_id: row.subscription_id,
    period_start: iso(row.period_start),
    period_end: iso(row.period_end),
    // Stripe charges in a few things that ISO 4217 does not know.
    amount_paid: currencySchema.safeParse(row.currency).success
      ? formatAmount(row.amount_paid, row.currency)
      : row.amount_paid,
    currency: row.currency,
    paid_at: iso(row.paid_at),
  };
}

const iso = (instant: Date | null | undefined): string | null => instant?.toISOString() ?? null;
