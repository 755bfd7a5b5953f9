/**
 * Reads payments, refunds and disputes.
 *
 *     link of a payment to its invoice    before 2025-03-31                      "basil" (2025-03-31) and later
 *     on the invoice                      charge, payment_intent                 payments.data[].payment, if expanded
 *     on the charge                       invoice                                -
 *     an object of its own                -                                      invoice_payment: invoice, payment
 *
 * Refunds and disputes name their charge and their payment intent in both.
 */
import * as z from "zod";

import { referenceSchema, stripeCurrencySchema, stripeIdSchema } from "./stripe_event.ts";
import { amountOf } from "./stripe_amount.ts";
import type { PaymentLink, ReversalFact } from "./event_facts.ts";
import { memberOf } from "../../../core/mod.ts";

/** The ids of one payment: its charge, its payment intent, or both. */
export const paymentSchema = z.object({ charge: referenceSchema, payment_intent: referenceSchema }).nullish();

interface PaymentIds {
  readonly charge?: string | null | undefined;
  readonly payment_intent?: string | null | undefined;
}

/** Ids by kind. Ids are opaque text, so the field that holds an id determines its kind. */
export interface PaymentIdKinds {
  readonly charge_ids: readonly string[];
  readonly intent_ids: readonly string[];
}

/** The facts about the ids of one or more payments. */
export interface PaymentFacts extends PaymentIdKinds {
  readonly links: readonly PaymentLink[];
  readonly payment_ids: readonly string[];
  readonly reversals: readonly ReversalFact[];
}

/** Links a charge to its payment intent, and both to the invoice if it is known. */
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

/** The first API versions gave disputes no id: a charge had at most one. */
const disputeSchema = z.preprocess((object) => {
  const charge = memberOf(object, "charge");
  return typeof object === "object" && memberOf(object, "id") === undefined && typeof charge === "string"
    ? { ...object, id: `dispute_of_${charge}` }
    : object;
}, refundSchema);

/** A refund can fail after it has succeeded. A failed refund never changes again. */
const refundRanks = ["requires_action", "pending", "succeeded", "canceled", "failed"];

/**
 * An inquiry (`warning_…`) can become a dispute. A lost dispute can still be won if the bank reverses its decision. A
 * won dispute is never lost: a second try of the bank is a new dispute.
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

/** @throws ZodError if the object is not a refund */
export function readRefund(object: unknown): PaymentFacts {
  const refund = refundSchema.parse(object);
  // Refunds of the first API versions have no status: they had succeeded when the event was created.
  return reversalFacts(refund, "refund", refund.status ?? "succeeded", refundRanks);
}

/** @throws ZodError if the object is not a dispute */
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
 * Reads a charge with the sum of its refunds, and with the refunds themselves if it lists them (versions before
 * 2022-11-15).
 * @throws ZodError if the object is not a charge
 */
export function readCharge(object: unknown): PaymentFacts {
  const { id, amount_refunded, currency, payment_intent, invoice, refunds } = chargeSchema.parse(object);
  const listed = (refunds?.data ?? []).map(readRefund);
  const units = amount_refunded ?? 0;
  const sum: ReversalFact = {
    reversal_id: id,
    kind: "charge_sum",
    status: "told", // A stored value that the API shows, so it keeps its name.
    amount: amountOf(units, currency),
    currency,
    charge_id: id,
    payment_intent_id: payment_intent ?? undefined,
    // A charge's sum grows with each refund, so the greatest sum is the latest.
    rank: units,
  };
  return {
    links: [...linksOf({ charge: id, payment_intent }, invoice), ...listed.flatMap(({ links }) => links)],
    payment_ids: idsIn([id, payment_intent, invoice, ...listed.flatMap(({ payment_ids }) => payment_ids)]),
    charge_ids: [id, ...listed.flatMap(({ charge_ids }) => charge_ids)],
    intent_ids: [...idsIn([payment_intent]), ...listed.flatMap(({ intent_ids }) => intent_ids)],
    reversals: [...(units > 0 ? [sum] : []), ...listed.flatMap(({ reversals }) => reversals)],
  };
}

const invoicePaymentSchema = z.object({ invoice: referenceSchema, payment: paymentSchema });

/** Reads the link of a payment to its invoice. @throws ZodError if the object is not an invoice_payment */
export function readInvoicePayment(object: unknown): PaymentFacts {
  const { invoice, payment } = invoicePaymentSchema.parse(object);
  return { ...paymentIds(payment ?? {}, invoice), links: linksOf(payment ?? {}, invoice), reversals: [] };
}

const paymentIds = ({ charge, payment_intent }: PaymentIds, invoice?: string | null) => ({
  payment_ids: idsIn([charge, payment_intent, invoice]),
  charge_ids: idsIn([charge]),
  intent_ids: idsIn([payment_intent]),
});

const idsIn = (ids: readonly (string | null | undefined)[]): string[] => ids.filter((id) => typeof id === "string");
