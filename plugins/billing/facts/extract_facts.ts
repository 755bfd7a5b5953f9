/** From an event to what it tells: which types there are, and who reads each of them. */
import * as z from "zod";

import { optionalInstant, type StripeEventBody } from "./stripe_event.ts";
import { readInvoice } from "./invoice.ts";
import { type PaymentFacts, readCharge, readDispute, readInvoicePayment, readRefund } from "./payment.ts";
import { readCheckoutSession, readCustomer, readSubscriptionObject } from "./subscription.ts";
import type { PaymentLink, Reading, Telling, UnpaidInvoiceFact } from "./event_facts.ts";

/** What Stripe answered when it was asked for what an event lacks; kept with the event. */
export const fetchedSchema = z.object({
  /** All lines of the invoice. */
  lines: z.array(z.unknown()).optional(),
  /** The subscription invoices that the payment was for, as far as Stripe knew them when it was asked. */
  links: z.array(z.object({ payment_id: z.string(), linked_id: z.string(), to_invoice: z.boolean() })).optional(),
});

export type Fetched = z.output<typeof fetchedSchema>;

type Reader = (event: StripeEventBody, fetched: Fetched, soldPrice: string | undefined) => Reading;

const invoiceTypes = ["paid", "payment_succeeded", "payment_failed", "payment_action_required", "voided"];
const refundTypes = ["charge.refund.updated", "refund.created", "refund.updated", "refund.failed"];
const checkoutTypes = ["completed", "async_payment_succeeded", "async_payment_failed"];

/** The types that have an effect. Any other is kept, and ignored. */
const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ...checkoutTypes.map((type) => [`checkout.session.${type}`, readCheckoutEvent] as const),
  ...invoiceTypes.map((type) => [`invoice.${type}`, readInvoiceEvent] as const),
  ...refundTypes.map((type) => [type, paymentReader(readRefund)] as const),
  ["charge.refunded", paymentReader(readCharge)],
  ["invoice_payment.paid", paymentReader(readInvoicePayment)],
  ["customer.deleted", readDeletedCustomer],
]);

/** Those of which every type shows the same object. */
const families: readonly (readonly [prefix: string, reader: Reader])[] = [
  ["customer.subscription.", readSubscriptionEvent],
  ["charge.dispute.", paymentReader(readDispute)],
];

/**
 * Reads an event.
 * @param soldPrice `STRIPE_PRICE_ID`: its line of an invoice says which time was paid for
 * @throws ZodError where its object is not what its type says: a fault for a person to look at, not to be guessed around
 */
export function readTelling(event: StripeEventBody, fetched: Fetched = {}, soldPrice?: string): Reading {
  // A connected account writes its own invoices, with metadata that it chooses, and can mark them as paid.
  if (event.account !== undefined && event.account !== null) return { kind: "ignored", reason: "account" };
  const reader = readers.get(event.type) ?? families.find(([prefix]) => event.type.startsWith(prefix))?.[1];
  return reader === undefined ? { kind: "ignored", reason: "type" } : reader(event, fetched, soldPrice);
}

function tells(event: StripeEventBody, facts: Partial<Telling>): Reading {
  const telling = { owner: undefined, links: [], payment_ids: [], told_at: optionalInstant(event.created), ...facts };
  return { kind: "tells", telling };
}

function readCheckoutEvent(event: StripeEventBody): Reading {
  const owner = readCheckoutSession(event.data.object);
  return owner === undefined ? { kind: "ignored", reason: "no_subscription" } : tells(event, { owner });
}

function readSubscriptionEvent(event: StripeEventBody): Reading {
  const { owner, fact } = readSubscriptionObject(event.data.object);
  return tells(event, { owner, subscription: fact });
}

function readDeletedCustomer(event: StripeEventBody): Reading {
  return tells(event, { owner: readCustomer(event.data.object), is_customer_deleted: true });
}

function paymentReader(read: (object: unknown) => PaymentFacts): Reader {
  return (event, fetched) => {
    const { links, payment_ids, charge_ids, intent_ids, reversals } = read(event.data.object);
    // Nothing to know it by: a payment from outside of Stripe.
    if (payment_ids.length === 0) return { kind: "ignored", reason: "no_payment" };
    const asked: readonly PaymentLink[] = fetched.links ?? [];
    const ids = [...payment_ids, ...asked.flatMap(({ payment_id, linked_id }) => [payment_id, linked_id])];
    return tells(event, { links: [...links, ...asked], payment_ids: ids, charge_ids, intent_ids, reversals });
  };
}

/** An invoice goes by what it is, not by what its event is called: one that was paid counts as paid in any event. */
function readInvoiceEvent(event: StripeEventBody, { lines }: Fetched, soldPrice: string | undefined): Reading {
  const { object } = event.data;
  // A preview of what is to come has no id.
  if (object["id"] === undefined) return { kind: "ignored", reason: "preview" };
  const whole = lines === undefined ? object : { ...object, lines: { data: lines, has_more: false } };
  const invoice = readInvoice(whole, soldPrice);
  const { named_hotel_id, named_at, customer_id, subscription_id, links } = invoice;
  const owner = { named_hotel_id, named_at, customer_id, subscription_id };
  if (subscription_id === undefined) return { kind: "ignored", reason: "no_subscription", owner };
  const payment_ids = [invoice.invoice_id, ...links.map((link) => link.payment_id)];
  if (invoice.status === "paid") {
    if (!invoice.complete) return { kind: "lacks", what: "lines", owner };
    return tells(event, { owner, links, payment_ids, paid_invoice: invoice });
  }
  const state = unpaidState(event.type, invoice.status);
  // A payment can succeed and leave the invoice open: it was one of several.
  if (state === undefined) return { kind: "ignored", reason: "not_paid", owner };
  return tells(event, { owner, links, payment_ids, unpaid_invoice: { ...invoice, state } });
}

function unpaidState(type: string, status: string): UnpaidInvoiceFact["state"] | undefined {
  if (status === "void") return "void";
  if (type === "invoice.payment_failed") return "failed";
  return type === "invoice.payment_action_required" ? "action_required" : undefined;
}
