/**
 * Reads what events say of payments and of what takes them back.
 *
 *     what links a payment to its invoice     before 2025-03-31                      "basil" (2025-03-31) and later
 *     on the invoice                          charge, payment_intent                 payments.data[].payment, where expanded
 *     on the charge                           invoice                                -
 *     an object of its own                    -                                      invoice_payment: invoice, payment
 *
 * Refunds and disputes name their charge and their payment intent in both.
 */
import * as z from "zod";

import { referenceSchema, stripeCurrencySchema, stripeIdSchema } from "./stripe_event.ts";
import { amountOf } from "./stripe_amount.ts";
import type { PaymentLink, ReversalFact } from "./event_facts.ts";

/** The ids of one payment: of its charge, its intent, or both. */
export const paymentSchema = z.object({ charge: referenceSchema, payment_intent: referenceSchema }).nullish();

interface PaymentIds {
  readonly charge?: string | null | undefined;
  readonly payment_intent?: string | null | undefined;
}

/** Which ids are of which kind. Ids are opaque text, so the field that an id stands in says what it names. */
export interface PaymentIdKinds {
  readonly charge_ids: readonly string[];
  readonly intent_ids: readonly string[];
}

/** What is known of these ids together. */
export interface PaymentFacts extends PaymentIdKinds {
  readonly links: readonly PaymentLink[];
  readonly payment_ids: readonly string[];
  readonly reversals: readonly ReversalFact[];
}

/** The links of a payment: of its charge with its intent, and of either with the invoice where that is known. */
export function linksOf({ charge, payment_intent }: PaymentIds, invoiceId: string | null | undefined): PaymentLink[] {
  const payments = [charge, payment_intent].filter((id) => typeof id === "string");
  const toInvoice =
    typeof invoiceId === "string"
      ? payments.map((payment_id) => ({ payment_id, linked_id: invoiceId, to_invoice: true }))
      : [];
  const [first, second] = payments;
  if (first === undefined || second === undefined) return toInvoice;
  return [...toInvoice, { payment_id: first, linked_id: second, to_invoice: false }];
}

const refundSchema = z.object({
  id: stripeIdSchema,
  amount: z.int().min(0),
  currency: stripeCurrencySchema,
  status: z.string().max(100).nullish(),
  charge: referenceSchema,
  payment_intent: referenceSchema,
});

/** The first versions gave disputes no id: a charge had one at most. */
const disputeSchema = z.preprocess((object) => {
  const { id, charge } = (object ?? {}) as { id?: unknown; charge?: unknown };
  return id === undefined && typeof charge === "string"
    ? { ...(object as object), id: `dispute_of_${charge}` }
    : object;
}, refundSchema);

/** A refund can fail after it has succeeded, and comes to no other end after that. */
const refundRanks = ["requires_action", "pending", "succeeded", "canceled", "failed"];

/**
 * An inquiry (`warning_…`) can become a dispute. A dispute that was lost can still be won, where the bank takes it back; one
 * that was won is not lost any more, for the bank's second try is a dispute of its own.
 */
const disputeRanks = [
  "warning_needs_response",
  "warning_under_review",
  "warning_closed",
  "needs_response",
  "under_review",
  "charge_refunded",
  "prevented",
  "lost",
  "won",
];

/** @throws ZodError where it is no refund */
export function readRefund(object: unknown): PaymentFacts {
  const refund = refundSchema.parse(object);
  // Refunds of long ago have no status: they were done when they were told.
  return reversalFacts(refund, "refund", refund.status ?? "succeeded", refundRanks);
}

/** @throws ZodError where it is no dispute */
export function readDispute(object: unknown): PaymentFacts {
  const dispute = disputeSchema.parse(object);
  return reversalFacts(dispute, "dispute", dispute.status ?? "needs_response", disputeRanks);
}

function reversalFacts(
  reversal: z.output<typeof refundSchema>,
  kind: ReversalFact["kind"],
  status: string,
  ranks: readonly string[],
): PaymentFacts {
  const { id, amount, currency, charge, payment_intent } = reversal;
  const fact: ReversalFact = {
    reversal_id: id,
    kind,
    status,
    amount: amountOf(amount, currency),
    currency,
    charge_id: charge ?? undefined,
    payment_intent_id: payment_intent ?? undefined,
    rank: ranks.indexOf(status),
  };
  return { ...paymentIds(reversal), links: linksOf(reversal, undefined), reversals: [fact] };
}

const chargeSchema = z.object({
  id: stripeIdSchema,
  amount_refunded: z.int().min(0).nullish(),
  currency: stripeCurrencySchema,
  payment_intent: referenceSchema,
  invoice: referenceSchema,
  refunds: z.object({ data: z.array(z.unknown()).nullish() }).nullish(),
});

/**
 * A charge with its refunds, where it carries them (versions before 2022-11-15), and with their sum, which all versions have.
 * @throws ZodError where it is no charge
 */
export function readCharge(object: unknown): PaymentFacts {
  const { id, amount_refunded, currency, payment_intent, invoice, refunds } = chargeSchema.parse(object);
  const told = (refunds?.data ?? []).map(readRefund);
  const units = amount_refunded ?? 0;
  const sum: ReversalFact = {
    reversal_id: id,
    kind: "charge_sum",
    status: "told",
    amount: amountOf(units, currency),
    currency,
    charge_id: id,
    payment_intent_id: payment_intent ?? undefined,
    // The sum that a charge tells grows with each refund: the greatest is the last.
    rank: units,
  };
  return {
    links: [...linksOf({ charge: id, payment_intent }, invoice), ...told.flatMap(({ links }) => links)],
    payment_ids: named([id, payment_intent, invoice, ...told.flatMap(({ payment_ids }) => payment_ids)]),
    charge_ids: [id, ...told.flatMap(({ charge_ids }) => charge_ids)],
    intent_ids: [...named([payment_intent]), ...told.flatMap(({ intent_ids }) => intent_ids)],
    reversals: [...(units > 0 ? [sum] : []), ...told.flatMap(({ reversals }) => reversals)],
  };
}

const invoicePaymentSchema = z.object({ invoice: referenceSchema, payment: paymentSchema });

/** Which payment was for which invoice. @throws ZodError where it is no invoice_payment */
export function readInvoicePayment(object: unknown): PaymentFacts {
  const { invoice, payment } = invoicePaymentSchema.parse(object);
  return { ...paymentIds(payment ?? {}, invoice), links: linksOf(payment ?? {}, invoice), reversals: [] };
}

const paymentIds = ({ charge, payment_intent }: PaymentIds, invoice?: string | null) => ({
  payment_ids: named([charge, payment_intent, invoice]),
  charge_ids: named([charge]),
  intent_ids: named([payment_intent]),
});

const named = (ids: readonly (string | null | undefined)[]): string[] => ids.filter((id) => typeof id === "string");
