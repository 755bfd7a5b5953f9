/** For tests: Stripe's real objects, events around them, and their delivery to the webhook. */
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

import { type TestAnswer, type TestClient, testWebhookSecret } from "#testing/mod.ts";
import { signPayload } from "../cli.ts";

type Json = Record<string, unknown>;

export interface TestEvent {
  id: string;
  type: string;
  data: { object: Json };
  [field: string]: unknown;
}

const folder = path.join(import.meta.dirname, "../../../../shared/stripe-objects");

/** Whether Stripe's real objects lie beside the checkout. */
const hasStripeObjects = existsSync(folder);

/** `describe` for tests that need the real objects; without them it is skipped, and says why. */
export function describeWithObjects(title: string, tests: () => void): void {
  if (hasStripeObjects) describe(title, tests);
  else describe.skip(`${title} (skipped: there are no ../shared/stripe-objects)`, tests);
}

/** The names of all payload files. */
export function objectFiles(): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => readdirSync(path.join(folder, entry.name)).map((file) => `${entry.name}/${file}`))
    .filter((file) => file.endsWith(".json"));
}

export function readObject(file: string): Json {
  return JSON.parse(readFileSync(path.join(folder, file), "utf8")) as Json;
}

/** An id that no other test has. */
export const freshId = (prefix: string): string => `${prefix}_${randomBytes(10).toString("hex")}`;

/** An event as Stripe wraps an object. */
export function eventAround(type: string, object: Json, id = freshId("evt")): TestEvent {
  return {
    id,
    object: "event",
    api_version: "2026-01-28.clover",
    created: Math.floor(Date.now() / 1000),
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
    data: { object },
  };
}

/** Returns the file as an event, with a new id. An object without an event is wrapped in an event of the given type. */
export function fileAsEvent(file: string, type: string): TestEvent {
  const content = readObject(file);
  if (content["object"] === "event") return { ...(content as TestEvent), id: freshId("evt") };
  const isBody = typeof content["object"] === "object";
  return eventAround(type, isBody ? (content["object"] as Json) : content);
}

export interface PaidInvoiceFacts {
  readonly hotelId?: string | undefined;
  readonly invoiceId?: string;
  readonly customerId?: string;
  readonly subscriptionId?: string;
  /** The end of the service period, in seconds since 1970. */
  readonly periodEnd: number;
}

/** A paid invoice in the shape before "basil". */
export function olderInvoice(facts: PaidInvoiceFacts): Json {
  const { metadata, subscription, ...common } = invoiceParts(facts);
  return {
    ...common,
    paid: true,
    subscription,
    subscription_details: { metadata },
    lines: {
      object: "list",
      has_more: false,
      data: [
        { type: "subscription", proration: false, period: periodTo(facts.periodEnd), subscription, metadata },
        // These lines end later and do not count: a proration, and an item without a subscription.
        { type: "invoiceitem", proration: true, period: periodTo(facts.periodEnd + 9_000_000), subscription },
        { type: "invoiceitem", proration: false, period: periodTo(facts.periodEnd + 8_000_000), subscription: null },
      ],
    },
  };
}

/** The same invoice in the shape of "basil" and later versions. */
export function basilInvoice(facts: PaidInvoiceFacts): Json {
  const { metadata, subscription, ...common } = invoiceParts(facts);
  const line = (seconds: number, type: string, proration: boolean) => ({
    object: "line_item",
    period: periodTo(seconds),
    metadata: {},
    parent: {
      type,
      invoice_item_details: type === "invoice_item_details" ? { proration, subscription } : null,
      subscription_item_details: type === "subscription_item_details" ? { proration, subscription } : null,
    },
  });
  return {
    ...common,
    parent: { type: "subscription_details", quote_details: null, subscription_details: { metadata, subscription } },
    lines: {
      object: "list",
      has_more: false,
      data: [
        line(facts.periodEnd, "subscription_item_details", false),
        line(facts.periodEnd + 9_000_000, "subscription_item_details", true),
        line(facts.periodEnd + 8_000_000, "invoice_item_details", false),
      ],
    },
  };
}

function invoiceParts({ hotelId, ...facts }: PaidInvoiceFacts) {
  return {
    id: facts.invoiceId ?? freshId("in"),
    object: "invoice",
    status: "paid",
    customer: facts.customerId ?? freshId("cus"),
    subscription: facts.subscriptionId ?? freshId("sub"),
    amount_paid: 24_900,
    currency: "eur",
    period_start: 1_600_000_000,
    period_end: 4_000_000_000, // of the items' collection; must not be read
    status_transitions: { paid_at: 1_700_000_000 },
    metadata: hotelId === undefined ? {} : { hotel_id: hotelId },
  };
}

const periodTo = (end: number) => ({ start: end - 30 * 86_400, end });

export interface DeliveryOptions {
  readonly secret?: string;
  /** The signature's time, in seconds since 1970. Default: now. */
  readonly timestamp?: number;
}

/** Sends an event as Stripe does. */
export async function deliver(
  client: TestClient,
  event: TestEvent,
  { secret = testWebhookSecret, timestamp }: DeliveryOptions = {},
): Promise<TestAnswer> {
  const bytes = Buffer.from(JSON.stringify(event, undefined, 2));
  return deliverBytes(client, bytes, await signPayload(bytes, secret, timestamp));
}

/** Sends bytes with a header, or without one. */
export function deliverBytes(
  client: TestClient,
  bytes: Buffer,
  header: string | undefined,
  path = "/billing/webhook",
): Promise<TestAnswer> {
  return client.post(path, bytes, {
    headers: {
      "content-type": "application/json; charset=utf-8",
      ...(header === undefined ? {} : { "stripe-signature": header }),
    },
  });
}
