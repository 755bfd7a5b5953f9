/**
 * The answer of `GET /billing/subscription`: the hotel's subscription and the facts that `valid_to` is computed from.
 */
import { currencySchema, formatAmount, idSchema, instantOutSchema, type Trx } from "../../../core/mod.ts";
import * as z from "zod";

import { isSubscribed } from "../../identity/port.ts";
import { coverageOf, type LockedHotel, readFacts, type ReversalRow } from "./recompute.ts";
import { PaidInvoice } from "../models/paid_invoice.ts";
import { owedInvoices, computeStatus, type SubscriptionRow, type UnpaidInvoiceRow } from "./subscription_status.ts";
import { reversedInvoices } from "./reversed_invoices.ts";

/** The number of invoices in the answer. All invoices count. */
const maxShown = 24;

const reversalSchema = z.strictObject({
  reversal_id: z.string(),
  kind: z.enum(["refund", "dispute", "charge_sum"]).meta({
    description:
      "`charge_sum`: the total that the charge reports as refunded. The part that no refund explains counts.",
  }),
  status: z.string().meta({ description: "Stripe's status. `succeeded` refunds and `lost` disputes count." }),
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
  reversed: z
    .boolean()
    .meta({ description: "True if the invoice was refunded in full or lost in a dispute. It then does not count." }),
  reversals: z.array(reversalSchema).meta({ description: "The refunds and disputes of its payments." }),
});

const unpaidSchema = z.strictObject({
  invoice_id: z.string(),
  subscription_id: z.string().nullable(),
  state: z.enum(["failed", "action_required"]),
  amount_due: z.string(),
  currency: z.string(),
  pay_url: z.string().nullable().meta({ description: "Stripe's page for paying the invoice." }),
  next_attempt_at: instantOutSchema.nullable(),
});

export const subscriptionSchema = z
  .strictObject({
    hotel_id: idSchema,
    status: z.enum(["trial", "active", "past_due", "grace", "lapsed"]).meta({
      description: [
        "- `trial`: in the trial period",
        "- `active`: paid for",
        "- `past_due`: a payment failed, and the hotel is still entitled",
        "- `grace`: the paid period has ended, and the hotel is still entitled",
        "- `lapsed`: not entitled",
      ].join("\n"),
    }),
    subscription_valid: z.boolean(),
    valid_to: instantOutSchema.meta({
      description: "The later of `trial_ends_at` and `paid_until` plus `grace_days`.",
    }),
    trial_ends_at: instantOutSchema,
    paid_until: instantOutSchema.nullable().meta({
      description:
        "The greatest `period_end` of the paid invoices that are not reversed. " +
        "A partly refunded invoice counts at most until its subscription ended.",
    }),
    paid_by: z.string().nullable().meta({ description: "The invoice that determines `paid_until`." }),
    grace_days: z.int(),
    subscriptions: z.array(
      z.strictObject({
        subscription_id: z.string(),
        status: z.string().nullable().meta({ description: "Stripe's status. Null until an event has shown it." }),
        current_period_end: instantOutSchema.nullable(),
        cancel_at: instantOutSchema
          .nullable()
          .meta({ description: "When the subscription ends without being renewed." }),
      }),
    ),
    invoices: z
      .array(invoiceSchema)
      .meta({ description: `The paid invoices, latest period first, at most ${maxShown}.` }),
    unpaid_invoices: z
      .array(unpaidSchema)
      .meta({ description: "Invoices whose payment failed and that still have to be paid." }),
  })
  .meta({ id: "HotelSubscription" });

type SubscriptionView = z.input<typeof subscriptionSchema>;

/** Reads the hotel's subscription. @throws Error if the hotel does not exist */
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
  const statusFacts = {
    isOpen: isSubscribed(hotel, now),
    paidUntil: paid_until,
    trialEndsAt: hotel.trial_ends_at,
    subscriptions,
    owed,
  };
  return {
    hotel_id: hotelId,
    status: computeStatus(statusFacts, now),
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
    invoices: invoices.slice(0, maxShown).map((row) => {
      const { isReversed = false, reversals = [] } = reversed.get(row.invoice_id) ?? {};
      return { ...invoiceView(row), reversed: isReversed, reversals: reversals.map(reversalView) };
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

/** Stripe also charges in a few currencies that ISO 4217 does not have. */
const amountView = (amount: string, currency: string): string =>
  currencySchema.safeParse(currency).success ? formatAmount(amount, currency) : amount;

const iso = (instant: Date | null | undefined): string | null => instant?.toISOString() ?? null;
