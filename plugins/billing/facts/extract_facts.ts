/** Extracts the facts of an event. Lists the event types that have an effect, and the function that reads each. */
import * as z from "zod";

import { optionalInstant, type StripeEventBody } from "./stripe_event.ts";
import { readInvoice } from "./invoice.ts";
import { type PaymentFacts, readCharge, readDispute, readInvoicePayment, readRefund } from "./payment.ts";
import { readCheckoutSession, readCustomer, readSubscriptionObject } from "./subscription.ts";
import type { PaymentLink, Extraction, EventFacts, UnpaidInvoiceFact } from "./event_facts.ts";

/** Stripe's answer to the lookup of what an event lacks. It is stored with the event. */
export const fetchedSchema = z.object({
  /** All lines of the invoice. */
  lines: z.array(z.unknown()).optional(),
  /** The links from the payment to its subscription invoices, as far as Stripe knew them at the time of the lookup. */
  links: z.array(z.object({ payment_id: z.string(), linked_id: z.string(), to_invoice: z.boolean() })).optional(),
});

export type Fetched = z.output<typeof fetchedSchema>;

type Reader = (event: StripeEventBody, fetched: Fetched, soldPrice: string | undefined) => Extraction;

const invoiceTypes = ["paid", "payment_succeeded", "payment_failed", "payment_action_required", "voided"];
const refundTypes = ["charge.refund.updated", "refund.created", "refund.updated", "refund.failed"];
const checkoutTypes = ["completed", "async_payment_succeeded", "async_payment_failed"];

/** The event types that have an effect. Events of other types are stored and ignored. */
const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ...checkoutTypes.map((type) => [`checkout.session.${type}`, readCheckoutEvent] as const),
  ...invoiceTypes.map((type) => [`invoice.${type}`, readInvoiceEvent] as const),
  ...refundTypes.map((type) => [type, paymentReader(readRefund)] as const),
  ["charge.refunded", paymentReader(readCharge)],
  ["invoice_payment.paid", paymentReader(readInvoicePayment)],
  ["customer.deleted", readDeletedCustomer],
]);

/** Prefixes of event types that all show the same object. */
const families: readonly (readonly [prefix: string, reader: Reader])[] = [
  ["customer.subscription.", readSubscriptionEvent],
  ["charge.dispute.", paymentReader(readDispute)],
];

/**
 * Extracts the facts of an event.
 * @param soldPrice `STRIPE_PRICE_ID`: the invoice line with this price says which period was paid for
 * @throws ZodError if the event's object is not what its type says. A person must look at it; guessing is not safe.
 */
export function extractFacts(event: StripeEventBody, fetched: Fetched = {}, soldPrice?: string): Extraction {
  // A connected account writes its own invoices with metadata of its choice, and can mark them as paid.
  if (event.account !== undefined && event.account !== null) return { kind: "ignored", reason: "account" };
  const reader = readers.get(event.type) ?? families.find(([prefix]) => event.type.startsWith(prefix))?.[1];
  return reader === undefined ? { kind: "ignored", reason: "type" } : reader(event, fetched, soldPrice);
}

function withFacts(event: StripeEventBody, facts: Partial<EventFacts>): Extraction {
  const common = { owner: undefined, links: [], payment_ids: [], created_at: optionalInstant(event.created) };
  return { kind: "facts", facts: { ...common, ...facts } };
}

function readCheckoutEvent(event: StripeEventBody): Extraction {
  const owner = readCheckoutSession(event.data.object);
  return owner === undefined ? { kind: "ignored", reason: "no_subscription" } : withFacts(event, { owner });
}

function readSubscriptionEvent(event: StripeEventBody): Extraction {
  const { owner, fact } = readSubscriptionObject(event.data.object);
  return withFacts(event, { owner, subscription: fact });
}

function readDeletedCustomer(event: StripeEventBody): Extraction {
  return withFacts(event, { owner: readCustomer(event.data.object), is_customer_deleted: true });
}

function paymentReader(read: (object: unknown) => PaymentFacts): Reader {
  return (event, fetched) => {
    const { links, payment_ids, charge_ids, intent_ids, reversals } = read(event.data.object);
    // A payment from outside of Stripe has no id to find it by.
    if (payment_ids.length === 0) return { kind: "ignored", reason: "no_payment" };
    const fetchedLinks: readonly PaymentLink[] = fetched.links ?? [];
    const ids = [...payment_ids, ...fetchedLinks.flatMap(({ payment_id, linked_id }) => [payment_id, linked_id])];
    return withFacts(event, {
      links: [...links, ...fetchedLinks],
      payment_ids: ids,
      charge_ids,
      intent_ids,
      reversals,
    });
  };
}

/** Reads the invoice's own status, whatever the type of its event: a paid invoice counts as paid in any event. */
function readInvoiceEvent(event: StripeEventBody, { lines }: Fetched, soldPrice: string | undefined): Extraction {
  const { object } = event.data;
  // A preview of an upcoming invoice has no id.
  if (object["id"] === undefined) return { kind: "ignored", reason: "preview" };
  const whole = lines === undefined ? object : { ...object, lines: { data: lines, has_more: false } };
  const invoice = readInvoice(whole, soldPrice);
  const { named_hotel_id, named_at, customer_id, subscription_id, links } = invoice;
  const owner = { named_hotel_id, named_at, customer_id, subscription_id };
  if (subscription_id === undefined) return { kind: "ignored", reason: "no_subscription", owner };
  const payment_ids = [invoice.invoice_id, ...links.map((link) => link.payment_id)];
  if (invoice.status === "paid") {
    if (!invoice.complete) return { kind: "incomplete", missing: "lines", owner };
    return withFacts(event, { owner, links, payment_ids, paid_invoice: invoice });
  }
  const state = unpaidState(event.type, invoice.status);
  // A payment can succeed and leave the invoice open, if it was one of several.
  if (state === undefined) return { kind: "ignored", reason: "not_paid", owner };
  return withFacts(event, { owner, links, payment_ids, unpaid_invoice: { ...invoice, state } });
}

function unpaidState(type: string, status: string): UnpaidInvoiceFact["state"] | undefined {
  if (status === "void") return "void";
  if (type === "invoice.payment_failed") return "failed";
  return type === "invoice.payment_action_required" ? "action_required" : undefined;
}
