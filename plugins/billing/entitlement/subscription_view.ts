/** What a manager sees of the hotel's subscription, and what it is computed from. */
import { currencySchema, formatAmount, idSchema, instantOutSchema, type Trx } from "../../../core/mod.ts";
import * as z from "zod";

import { isSubscribed } from "../../identity/port.ts";
import { coverageOf, type LockedHotel, readFacts, type ReversalRow } from "./recompute.ts";
import { PaidInvoice } from "../models/paid_invoice.ts";
import { owedInvoices, standingOf, type SubscriptionRow, type UnpaidInvoiceRow } from "./subscription_status.ts";
import { reversedInvoices } from "./reversed_invoices.ts";

/** Invoices shown; all of them count. */
const mostShown = 24;

const reversalSchema = z.strictObject({
  reversal_id: z.string(),
  kind: z.enum(["refund", "dispute", "charge_sum"]).meta({
    description: "`charge_sum`: what the charge says was refunded in all; counts as far as no refund explains it.",
  }),
  status: z.string().meta({ description: "In Stripe's words. `succeeded` refunds and `lost` disputes count." }),
  amount: z.string(),
  currency: z.string(),
});

const invoiceSchema = z.strictObject({
  invoice_id: z.string(),
  subscription_id: z.string().nullable(),
  period_start: instantOutSchema.nullable(),
  period_end: instantOutSchema.nullable(),
  amount_paid: z.string(),
  currency: z.string(),
  paid_at: instantOutSchema.nullable(),
  reversed: z.boolean().meta({ description: "Wholly refunded, or lost in a dispute: it does not count." }),
  reversals: z.array(reversalSchema).meta({ description: "The refunds and disputes of its payments." }),
});

const unpaidSchema = z.strictObject({
  invoice_id: z.string(),
  subscription_id: z.string().nullable(),
  state: z.enum(["failed", "action_required"]),
  amount_due: z.string(),
  currency: z.string(),
  pay_url: z.string().nullable().meta({ description: "Stripe's page on which it can be paid." }),
  next_attempt_at: instantOutSchema.nullable(),
});

export const subscriptionSchema = z
  .strictObject({
    hotel_id: idSchema,
    status: z.enum(["trial", "active", "past_due", "grace", "lapsed"]).meta({
      description:
        "`active`: paid for; `trial`; `past_due`: a payment failed, still open; `grace`: what was paid for has ended, still open; `lapsed`.",
    }),
    subscription_valid: z.boolean(),
    valid_to: instantOutSchema.meta({
      description: "The later of the trial's end and `paid_until` with the days of grace.",
    }),
    trial_ends_at: instantOutSchema,
    paid_until: instantOutSchema.nullable().meta({
      description:
        "The greatest `period_end` of the paid invoices that are not reversed. One that was refunded in part counts until the end of its subscription, if that has ended.",
    }),
    paid_by: z.string().nullable().meta({ description: "The invoice that `paid_until` is of." }),
    grace_days: z.int(),
    subscriptions: z.array(
      z.strictObject({
        subscription_id: z.string(),
        status: z.string().nullable().meta({ description: "In Stripe's words; null where none has been told yet." }),
        current_period_end: instantOutSchema.nullable(),
        cancel_at: instantOutSchema.nullable().meta({ description: "When it ends without being renewed." }),
      }),
    ),
    invoices: z
      .array(invoiceSchema)
      .meta({ description: `The paid invoices, latest period first; ${mostShown} at most.` }),
    unpaid_invoices: z.array(unpaidSchema).meta({ description: "Those whose payment failed and that are still owed." }),
  })
  .meta({ id: "HotelSubscription" });

type SubscriptionView = z.input<typeof subscriptionSchema>;

/** Reads the tenant's subscription. */
export async function readSubscription(
  trx: Trx,
  hotelId: string,
  graceDays: number,
  now = new Date(),
): Promise<SubscriptionView> {
  const hotel = await trx("identity.hotels")
    .where({ hotel_id: hotelId })
    .first<LockedHotel | undefined>("hotel_id", "trial_ends_at", "subscription_valid", "valid_to");
  if (hotel === undefined) throw new Error("The tenant has no hotel.");
  const invoices = await PaidInvoice.query(trx)
    .where({ hotel_id: hotelId })
    .orderByRaw("period_end DESC NULLS LAST, invoice_id");
  const subscriptions = await trx("billing.subscriptions")
    .where({ hotel_id: hotelId })
    .orderBy("subscription_id")
    .select<SubscriptionRow[]>("subscription_id", "status", "ended", "current_period_end", "cancel_at");
  const unpaid = await trx("billing.unpaid_invoices")
    .where({ hotel_id: hotelId })
    .orderBy("invoice_id")
    .select<UnpaidInvoiceRow[]>();
  const facts = await readFacts(trx, hotelId);
  const { paid_until, paid_by } = coverageOf(facts, hotel.trial_ends_at, graceDays);
  const reversed = reversedInvoices(facts.invoices, facts.links, facts.reversals);
  const owed = owedInvoices(unpaid, invoices);
  const standing = {
    isOpen: isSubscribed(hotel, now),
    paidUntil: paid_until,
    trialEndsAt: hotel.trial_ends_at,
    subscriptions,
    owed,
  };
  return {
    hotel_id: hotelId,
    status: standingOf(standing, now),
    subscription_valid: isSubscribed(hotel, now),
    valid_to: hotel.valid_to.toISOString(),
    trial_ends_at: hotel.trial_ends_at.toISOString(),
    paid_until: iso(paid_until),
    paid_by: paid_by ?? null,
    grace_days: graceDays,
    subscriptions: subscriptions.map((row) => ({
      subscription_id: row.subscription_id,
      status: row.status,
      current_period_end: iso(row.current_period_end),
      cancel_at: iso(row.cancel_at),
    })),
    invoices: invoices.slice(0, mostShown).map((row) => {
      const { isOut = false, reversals = [] } = reversed.get(row.invoice_id) ?? {};
      return { ...invoiceView(row), reversed: isOut, reversals: reversals.map(reversalView) };
    }),
    unpaid_invoices: owed.map(unpaidView),
  };
}

function invoiceView(row: PaidInvoice) {
  return {
    invoice_id: row.invoice_id,
    subscription_id: row.subscription_id,
    period_start: iso(row.period_start),
    period_end: iso(row.period_end),
    amount_paid: amountView(row.amount_paid, row.currency),
    currency: row.currency,
    paid_at: iso(row.paid_at),
  };
}

function reversalView({ reversal_id, kind, status, amount, currency }: ReversalRow) {
  return { reversal_id, kind, status, amount: amountView(amount, currency), currency };
}

function unpaidView(row: UnpaidInvoiceRow): SubscriptionView["unpaid_invoices"][number] {
  return {
    invoice_id: row.invoice_id,
    subscription_id: row.subscription_id,
    state: row.state === "action_required" ? "action_required" : "failed",
    amount_due: amountView(row.amount_due, row.currency),
    currency: row.currency,
    pay_url: row.pay_url,
    next_attempt_at: iso(row.next_attempt_at),
  };
}

/** Stripe charges in a few things that ISO 4217 does not know. */
const amountView = (amount: string, currency: string): string =>
  currencySchema.safeParse(currency).success ? formatAmount(amount, currency) : amount;

const iso = (instant: Date | null | undefined): string | null => instant?.toISOString() ?? null;
