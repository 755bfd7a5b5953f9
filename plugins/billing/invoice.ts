/**
 * Reads an invoice of Stripe's in both of its shapes:
 *
 *     what                       before 2025-03-31                 "basil" (2025-03-31) and later
 *     the subscription           subscription                      parent.subscription_details.subscription
 *     its metadata, as copied    subscription_details.metadata     parent.subscription_details.metadata
 *     a line's kind              lines[].type: "subscription"      lines[].parent.type: "subscription_item_details"
 *     is it a proration          lines[].proration                 lines[].parent.subscription_item_details.proration
 *
 * `invoice.period_end` is not read: it says when the invoice's items were collected, which is not what was paid for.
 */
import { isUuid } from "../../core/mod.ts";
import * as z from "zod";

import { metadataSchema, referenceSchema, secondsSchema, stripeIdSchema } from "./event.ts";
import { amountOf } from "./stripe_amount.ts";

const lineSchema = z.object({
  type: z.string().nullish(),
  proration: z.boolean().nullish(),
  period: z.object({ start: secondsSchema, end: secondsSchema }),
  metadata: metadataSchema,
  parent: z
    .object({
      type: z.string(),
      subscription_item_details: z.object({ proration: z.boolean().nullish() }).nullish(),
    })
    .nullish(),
});

const invoiceSchema = z.object({
  id: stripeIdSchema,
  status: z.string().nullish(),
  paid: z.boolean().nullish(),
  customer: referenceSchema,
  subscription: referenceSchema,
  subscription_details: z.object({ metadata: metadataSchema }).nullish(),
  parent: z
    .object({ subscription_details: z.object({ subscription: referenceSchema, metadata: metadataSchema }).nullish() })
    .nullish(),
  lines: z.object({ data: z.array(lineSchema).nullish(), has_more: z.boolean().nullish() }).nullish(),
  amount_paid: z.int().min(0).nullish(),
  currency: z
    .string()
    .regex(/^[a-zA-Z]{3,10}$/)
    .toUpperCase(),
  status_transitions: z.object({ paid_at: secondsSchema.nullish() }).nullish(),
});

/** What billing knows of an invoice, whatever its shape. */
export interface Invoice {
  readonly invoice_id: string;
  /** The hotel that the subscription's metadata names, if it names one. */
  readonly named_hotel_id: string | undefined;
  readonly customer_id: string | undefined;
  readonly subscription_id: string | undefined;
  readonly paid: boolean;
  /** False where the payload does not hold all of the lines. */
  readonly complete: boolean;
  /** The service period that it pays for; undefined where all of its lines are prorations or one-off items. */
  readonly period: { readonly start: Date; readonly end: Date } | undefined;
  /** A decimal string in `currency`. */
  readonly amount_paid: string;
  readonly currency: string;
  readonly paid_at: Date | undefined;
}

/**
 * Reads the object of an invoice event.
 * @throws ZodError where it is no invoice: a fault for a person to look at, not to be guessed around
 */
export function readInvoice(object: unknown): Invoice {
  const invoice = invoiceSchema.parse(object);
  const details = invoice.parent?.subscription_details;
  const lines = invoice.lines?.data ?? [];
  const places = [details?.metadata, invoice.subscription_details?.metadata, ...lines.map((line) => line.metadata)];
  const paidAt = invoice.status_transitions?.paid_at;
  return {
    invoice_id: invoice.id,
    named_hotel_id: places.map(hotelIn).find((hotelId) => hotelId !== undefined),
    customer_id: invoice.customer ?? undefined,
    subscription_id: details?.subscription ?? invoice.subscription ?? undefined,
    paid: invoice.status === "paid" || invoice.paid === true,
    complete: Array.isArray(invoice.lines?.data) && invoice.lines.has_more !== true,
    period: longestPeriod(lines.filter(isServicePeriod)),
    amount_paid: amountOf(invoice.amount_paid ?? 0, invoice.currency),
    currency: invoice.currency,
    paid_at: typeof paidAt === "number" ? instant(paidAt) : undefined,
  };
}

type Line = z.output<typeof lineSchema>;

/** A line of the subscription itself. A proration's period is what is left of one that another line has paid for. */
function isServicePeriod({ type, proration, parent }: Line): boolean {
  if (parent === undefined || parent === null) return type === "subscription" && proration !== true;
  return parent.type === "subscription_item_details" && parent.subscription_item_details?.proration !== true;
}

/** The one that ends last. */
function longestPeriod(lines: readonly Line[]): Invoice["period"] {
  const last = lines.reduce<Line | undefined>(
    (longest, line) => (longest === undefined || line.period.end > longest.period.end ? line : longest),
    undefined,
  );
  return last && { start: instant(last.period.start), end: instant(last.period.end) };
}

function hotelIn(metadata: z.output<typeof metadataSchema>): string | undefined {
  const named = metadata?.["hotel_id"];
  const hotelId = typeof named === "string" ? named.trim().toLowerCase() : "";
  return isUuid(hotelId) ? hotelId : undefined;
}

const instant = (seconds: number) => new Date(seconds * 1000);
