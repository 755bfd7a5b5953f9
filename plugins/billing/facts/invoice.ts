/**
 * Reads an invoice of Stripe's in both of its shapes:
 *
 *     value                      before 2025-03-31                 "basil" (2025-03-31) and later
 *     the subscription           subscription                      parent.subscription_details.subscription
 *     its metadata, as copied    subscription_details.metadata     parent.subscription_details.metadata
 *     a line's kind              lines[].type                      lines[].parent.type
 *     is it a proration          lines[].proration                 lines[].parent.subscription_item_details.proration
 *     a line's price             lines[].price, .plan              lines[].pricing.price_details.price
 *     its payments               charge, payment_intent            payments (if expanded), invoice_payment objects
 *
 * `invoice.period_end` is not read: it says when the invoice's items were collected, not which period they pay for.
 */
import * as z from "zod";

import {
  hotelIn,
  metadataSchema,
  optionalInstant,
  referenceSchema,
  secondsSchema,
  stripeCurrencySchema,
  stripeIdSchema,
} from "./stripe_event.ts";
import { linksOf, paymentSchema } from "./payment.ts";
import { lineSchema, servicePeriod } from "./service_period.ts";
import { amountOf } from "./stripe_amount.ts";
import type { Owner, PaidInvoiceFact, PaymentLink, UnpaidInvoiceFact } from "./event_facts.ts";

const invoiceSchema = z.object({
  id: stripeIdSchema,
  created: secondsSchema.nullish(),
  status: z.string().nullish(),
  paid: z.boolean().nullish(),
  customer: referenceSchema,
  subscription: referenceSchema,
  subscription_details: z.object({ metadata: metadataSchema }).nullish(),
  parent: z
    .object({ subscription_details: z.object({ subscription: referenceSchema, metadata: metadataSchema }).nullish() })
    .nullish(),
  lines: z.object({ data: z.array(lineSchema).nullish(), has_more: z.boolean().nullish() }).nullish(),
  charge: referenceSchema,
  payment_intent: referenceSchema,
  payments: z.object({ data: z.array(z.object({ payment: paymentSchema })).nullish() }).nullish(),
  amount_paid: z.int().min(0).nullish(),
  amount_remaining: z.int().nullish(),
  amount_due: z.int().nullish(),
  currency: stripeCurrencySchema,
  hosted_invoice_url: z.string().max(2000).nullish(),
  next_payment_attempt: secondsSchema.nullish(),
  status_transitions: z.object({ paid_at: secondsSchema.nullish() }).nullish(),
});

/** An invoice, whatever its shape. */
export interface Invoice extends Owner, PaidInvoiceFact, Omit<UnpaidInvoiceFact, "state"> {
  readonly status: "paid" | "void" | "other";
  /** False if the payload lacks some of the lines. */
  readonly complete: boolean;
  readonly links: readonly PaymentLink[];
}

/**
 * Reads the object of an invoice event.
 * @param soldPrice `STRIPE_PRICE_ID`
 * @throws ZodError if the object is not an invoice. A person must look at it; guessing is not safe.
 */
export function readInvoice(object: unknown, soldPrice?: string): Invoice {
  const invoice = invoiceSchema.parse(object);
  const details = invoice.parent?.subscription_details;
  const lines = invoice.lines?.data ?? [];
  const metadataCopies = [
    details?.metadata,
    invoice.subscription_details?.metadata,
    ...lines.map((line) => line.metadata),
  ];
  const payments = [invoice, ...(invoice.payments?.data ?? []).map(({ payment }) => payment)];
  return {
    invoice_id: invoice.id,
    named_hotel_id: metadataCopies.map(hotelIn).find((hotelId) => hotelId !== undefined),
    named_at: optionalInstant(invoice.created),
    customer_id: invoice.customer ?? undefined,
    subscription_id: details?.subscription ?? invoice.subscription ?? undefined,
    status: invoice.status === "paid" || invoice.paid === true ? "paid" : invoice.status === "void" ? "void" : "other",
    complete: Array.isArray(invoice.lines?.data) && invoice.lines.has_more !== true,
    period: servicePeriod(lines, soldPrice),
    links: payments.flatMap((payment) => linksOf(payment ?? {}, invoice.id)),
    amount_paid: amountOf(invoice.amount_paid ?? 0, invoice.currency),
    amount_due: amountOf(Math.max(0, invoice.amount_remaining ?? invoice.amount_due ?? 0), invoice.currency),
    currency: invoice.currency,
    paid_at: optionalInstant(invoice.status_transitions?.paid_at),
    pay_url: invoice.hosted_invoice_url ?? undefined,
    next_attempt_at: optionalInstant(invoice.next_payment_attempt),
  };
}
