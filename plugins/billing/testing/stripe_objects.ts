/**
 * The objects of the simulated Stripe server: by kind, in lists with Stripe's pagination and filters, and newly
 * created.
 */
import { randomBytes } from "node:crypto";

import { type FormObject, textIn, valuesIn } from "./stripe_form.ts";

export type StripeObject = Record<string, unknown> & { readonly id: string; readonly object: string };

/** An error in Stripe's shape. */
export class StripeFault extends Error {
  readonly status: number;
  readonly fields: Readonly<Record<string, unknown>>;
  constructor(status: number, fields: { type: string; message: string; code?: string; param?: string }) {
    super(fields.message);
    this.status = status;
    this.fields = fields;
  }
}

export const invalid = (message: string, more: { code?: string; param?: string } = {}, status = 400): StripeFault =>
  new StripeFault(status, { type: "invalid_request_error", message, ...more });

export const noSuch = (kind: string, id: string, param = "id"): StripeFault =>
  invalid(`No such ${kind}: '${id}'`, { code: "resource_missing", param }, 404);

type Filter = (object: StripeObject, wanted: string) => boolean;
const same =
  (field: string): Filter =>
  (object, wanted) =>
    object[field] === wanted;

/** `parent.subscription_details.subscription` since "basil", `subscription` before. */
const ofSubscription: Filter = (object, wanted) => {
  const parent = object["parent"] as { subscription_details?: { subscription?: unknown } | null } | null | undefined;
  return [object["subscription"], parent?.subscription_details?.subscription].includes(wanted);
};

/** The kinds that can be listed, with the filters that are known; any other parameter is refused, as Stripe does it. */
const listFilters: Readonly<Record<string, Readonly<Record<string, Filter>>>> = {
  event: { type: same("type") },
  invoice: { status: same("status"), customer: same("customer"), subscription: ofSubscription },
  invoice_payment: { status: same("status"), invoice: same("invoice") },
  subscription: {
    customer: same("customer"),
    // Without a status filter, Stripe leaves out canceled subscriptions.
    status: (object, wanted) => wanted === "all" || object["status"] === wanted,
  },
  customer: { email: same("email") },
  charge: { customer: same("customer"), payment_intent: same("payment_intent") },
  refund: { charge: same("charge"), payment_intent: same("payment_intent") },
  dispute: { charge: same("charge"), payment_intent: same("payment_intent") },
  line_item: {},
};

const paging = ["limit", "starting_after", "ending_before", "created", "expand"];
const special: Readonly<Record<string, readonly string[]>> = {
  event: ["types", "delivery_success"],
  invoice_payment: ["payment"],
};

/**
 * Returns one page of a list.
 * @param objects in Stripe's order: newest first
 * @throws StripeFault for an unknown parameter, a wrong limit, or an unknown cursor
 */
export function listPage(kind: string, url: string, objects: readonly StripeObject[], query: FormObject) {
  const filters = listFilters[kind] ?? {};
  const unknown = Object.keys(query).find(
    (name) => !(name in filters) && !paging.includes(name) && !special[kind]?.includes(name),
  );
  if (unknown !== undefined)
    throw invalid(`Received unknown parameter: ${unknown}`, { code: "parameter_unknown", param: unknown });
  const limit = Number(textIn(query, "limit") ?? 10);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100)
    throw invalid("This value must be between 1 and 100, inclusive.", {
      code: "parameter_invalid_integer",
      param: "limit",
    });
  let found = objects.filter((object) =>
    Object.entries(filters).every(([name, fits]) => {
      const wanted = textIn(query, name);
      return wanted === undefined || fits(object, wanted);
    }),
  );
  if (kind === "subscription" && query["status"] === undefined)
    found = found.filter((object) => object["status"] !== "canceled");
  const types = valuesIn(query, "types");
  if (types.length > 20) throw invalid("You can only pass up to 20 event types.", { param: "types" });
  if (types.length > 0) found = found.filter((object) => types.includes(object["type"] as string));
  found = found.filter((object) => hasPayment(object, query["payment"]));
  found = found.filter((object) => isCreatedWithin(object, query["created"]));
  const after = cursor(kind, found, objects, textIn(query, "starting_after"), "starting_after");
  const before = cursor(kind, found, objects, textIn(query, "ending_before"), "ending_before");
  const rest = found.slice(after === undefined ? 0 : after + 1, before);
  const data = before === undefined ? rest.slice(0, limit) : rest.slice(-limit);
  return { object: "list", url, has_more: rest.length > data.length, data };
}

function cursor(
  kind: string,
  found: readonly StripeObject[],
  all: readonly StripeObject[],
  id: string | undefined,
  param: string,
): number | undefined {
  if (id === undefined) return undefined;
  const at = found.findIndex((object) => object.id === id);
  if (at >= 0) return at;
  if (!all.some((object) => object.id === id))
    throw invalid(`No such ${kind}: '${id}'`, { code: "resource_missing", param });
  throw invalid(`The object '${id}' is not in the list that is asked for.`, { param });
}

/** `payment[type]` and `payment[payment_intent]` or `payment[charge]` of an invoice payment. */
function hasPayment(object: StripeObject, wanted: FormObject[string] | undefined): boolean {
  if (wanted === undefined || typeof wanted === "string") return true;
  const payment = (object["payment"] ?? {}) as Record<string, unknown>;
  return Object.entries(wanted).every(([name, value]) => payment[name] === value);
}

function isCreatedWithin(object: StripeObject, range: FormObject[string] | undefined): boolean {
  const created = Number(object["created"]);
  if (range === undefined) return true;
  if (typeof range === "string") return created === Number(range);
  const compare: Readonly<Record<string, (bound: number) => boolean>> = {
    gte: (bound) => created >= bound,
    gt: (bound) => created > bound,
    lte: (bound) => created <= bound,
    lt: (bound) => created < bound,
  };
  return Object.entries(range).every(([sign, bound]) => compare[sign]?.(Number(bound)) ?? true);
}

/** Ids as long as Stripe's. */
export const newStripeId = (prefix: string): string => `${prefix}_${randomBytes(12).toString("hex")}`;

const now = () => Math.floor(Date.now() / 1000);

/** Creates the object of a POST: `/v1/customers`, `/v1/checkout/sessions`, `/v1/billing_portal/sessions`. */
export const makers: Readonly<Record<string, (form: FormObject, has: (id: string) => boolean) => StripeObject>> = {
  "/v1/customers": (form) => ({
    id: newStripeId("cus"),
    object: "customer",
    address: null,
    balance: 0,
    created: now(),
    currency: null,
    default_source: null,
    delinquent: false,
    description: textIn(form, "description") ?? null,
    email: textIn(form, "email") ?? null,
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
    livemode: false,
    metadata: form["metadata"] ?? {},
    name: textIn(form, "name") ?? null,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: "none",
  }),
  "/v1/checkout/sessions": (form, has) => {
    const mode = textIn(form, "mode");
    if (mode === undefined) throw missing("mode");
    if (mode !== "setup" && valuesIn(form, "line_items").length === 0) throw missing("line_items");
    const customer = textIn(form, "customer");
    if (customer !== undefined && !has(customer))
      throw invalid(`No such customer: '${customer}'`, { code: "resource_missing", param: "customer" });
    const id = newStripeId("cs_test");
    return {
      id,
      object: "checkout.session",
      after_expiration: null,
      amount_subtotal: null,
      amount_total: null,
      automatic_tax: { enabled: false, liability: null, provider: null, status: null },
      cancel_url: textIn(form, "cancel_url") ?? null,
      client_reference_id: textIn(form, "client_reference_id") ?? null,
      created: now(),
      currency: null,
      customer: customer ?? null,
      customer_details: null,
      customer_email: textIn(form, "customer_email") ?? null,
      expires_at: now() + 86_400,
      invoice: null,
      livemode: false,
      locale: textIn(form, "locale") ?? null,
      metadata: form["metadata"] ?? {},
      mode,
      payment_intent: null,
      payment_method_types: ["card"],
      payment_status: "unpaid",
      status: "open",
      subscription: null,
      success_url: textIn(form, "success_url") ?? null,
      ui_mode: "hosted",
      url: `https://checkout.stripe.com/c/pay/${id}`,
    };
  },
  "/v1/billing_portal/sessions": (form, has) => {
    const customer = textIn(form, "customer");
    if (customer === undefined) throw missing("customer");
    if (!has(customer))
      throw invalid(`No such customer: '${customer}'`, { code: "resource_missing", param: "customer" });
    return {
      id: newStripeId("bps"),
      object: "billing_portal.session",
      configuration: textIn(form, "configuration") ?? newStripeId("bpc"),
      created: now(),
      customer,
      flow: null,
      livemode: false,
      locale: textIn(form, "locale") ?? null,
      on_behalf_of: null,
      return_url: textIn(form, "return_url") ?? null,
      url: `https://billing.stripe.com/p/session/${newStripeId("test")}`,
    };
  },
};

const missing = (param: string): StripeFault =>
  invalid(`Missing required param: ${param}.`, { code: "parameter_missing", param });
