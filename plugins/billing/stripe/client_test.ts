/**
 * Runs the real SDK, created as billing creates it, against the simulated Stripe server. It proves that the simulation
 * follows Stripe's protocol.
 */
import { expect } from "chai";
import type { Stripe } from "stripe";

import { guardedFetch } from "../../../core/plugin/guarded_fetch.ts";
import { startSilentServer, withGarbageCollection } from "../../../testing/network/silent_server.ts";
import type { BillingContext } from "../context.ts";
import { createStripeApi } from "./client.ts";
import { eventAround, freshId } from "../testing/deliveries.ts";
import { StripeServer, testApiKey } from "../testing/stripe_server.ts";

describe("Stripe's API as billing calls it", () => {
  let server: StripeServer;
  let stripe: Stripe;
  const apiWith = (key: string | undefined, base = server.url) =>
    createStripeApi({
      env: { STRIPE_API_KEY: key, STRIPE_API_BASE: base },
      fetch: guardedFetch("billing", [server.url]),
    } as unknown as BillingContext);
  const clientWith = async (key: string, base?: string): Promise<Stripe> =>
    (await apiWith(key, base)?.()) ?? expect.fail("There is no client.");
  const failure = (call: Promise<unknown>): Promise<Stripe.errors.StripeError> =>
    call.then(
      () => expect.fail("It succeeded."),
      (error: Stripe.errors.StripeError) => error,
    );

  beforeEach(async () => {
    server = await StripeServer.start();
    stripe = await clientWith(testApiKey);
  });
  afterEach(() => server.close());

  const invoice = (lines: number) => {
    const id = freshId("in");
    const data = Array.from({ length: lines }, (_, at) => ({
      id: `il_${at}`,
      object: "line_item",
      period: { start: at, end: at + 1 },
    }));
    return {
      id,
      object: "invoice",
      created: 1_700_000_000,
      status: "paid",
      parent: { type: "subscription_details", subscription_details: { subscription: "sub_1", metadata: {} } },
      lines: { object: "list", data, has_more: false, url: `/v1/invoices/${id}/lines` },
    };
  };

  it("Without a key there is no client, and with a key there is one client for all calls", async () => {
    expect(apiWith(undefined)).to.equal(undefined);
    const api = apiWith(testApiKey);
    expect(await api?.()).to.equal(await api?.());
  });

  it("A wrong key is refused, and the error does not show it", async () => {
    const key = "sk_test_another_key_of_somebody_else";
    const error = await failure((await clientWith(key)).customers.retrieve("cus_1"));
    expect(error).to.include({ type: "StripeAuthenticationError", statusCode: 401 });
    expect(error.message).not.to.include(key);
  });

  it("Calls go only where ctx.fetch allows them", async () => {
    const elsewhere = await clientWith(testApiKey, "http://127.0.0.1:9");
    const error = await failure(elsewhere.customers.retrieve("cus_1", {}, { maxNetworkRetries: 0 }));
    expect(error.type).to.equal("StripeConnectionError");
    expect(server.requests).to.deep.equal([]);
  });

  it("A call ends at its time limit during garbage collection, if the server never answers", async () => {
    const silent = await startSilentServer("nothing");
    try {
      const api = createStripeApi({
        env: { STRIPE_API_KEY: testApiKey, STRIPE_API_BASE: silent.origin },
        fetch: guardedFetch("billing", [silent.origin]),
      } as unknown as BillingContext);
      const client = (await api?.()) ?? expect.fail("There is no client.");
      const limits = { timeout: 300, maxNetworkRetries: 1 };
      const call = client.checkout.sessions.create({ mode: "subscription" }, limits);
      const error = await withGarbageCollection(() => failure(call));
      expect(error.type).to.equal("StripeConnectionError");
      expect(silent.received()).to.equal(2);
    } finally {
      await silent.close();
    }
  });

  it("Events are paginated and filtered by time, type and delivery", async () => {
    const events = Array.from({ length: 25 }, (_, at) => ({
      ...eventAround(at % 5 === 0 ? "invoice.paid" : "customer.updated", { id: `x_${at}` }),
      created: 1_700_000_000 + at,
    }));
    server.addUndelivered(...events);
    events.slice(20).forEach(({ id }) => server.delivered(id));
    const first = await stripe.events.list({ limit: 10, delivery_success: false });
    expect(first.has_more).to.equal(true);
    expect(first.data.map(({ id }) => id)).to.deep.equal(
      events
        .slice(10, 20)
        .reverse()
        .map(({ id }) => id),
    );
    const all = await stripe.events
      .list({ limit: 10, delivery_success: false, types: ["invoice.paid"], created: { gte: 1_700_000_001 } })
      .autoPagingToArray({ limit: 100 });
    expect(all.map(({ id }) => id)).to.deep.equal([15, 10, 5].map((at) => events[at]?.id));
    expect((await stripe.events.retrieve(events[3]?.id ?? "")).type).to.equal("customer.updated");
  });

  it("An invoice shows its first ten lines, and the list has the others", async () => {
    const long = invoice(12);
    server.add({ id: "sub_1", object: "subscription" }, long, invoice(2));
    const { data } = await stripe.invoices.list({ subscription: "sub_1", status: "paid" });
    const seen = data.find(({ id }) => id === long.id);
    expect(seen?.lines).to.include({ has_more: true });
    expect(seen?.lines.data).to.have.length(10);
    const lines = await stripe.invoices.listLineItems(long.id, { limit: 5 }).autoPagingToArray({ limit: 100 });
    expect(lines).to.have.length(12);
  });

  it("An invoice's payment, a charge, a refund and a dispute are found by their ids", async () => {
    const payment = { type: "payment_intent", payment_intent: "pi_1" };
    server.add(
      { id: "inpay_1", object: "invoice_payment", created: 1, invoice: "in_1", status: "paid", payment },
      { id: "inpay_2", object: "invoice_payment", created: 2, invoice: "in_2", status: "paid", payment: {} },
      { id: "ch_1", object: "charge", payment_intent: "pi_1" },
      { id: "re_1", object: "refund", charge: "ch_1" },
      { id: "du_1", object: "dispute", charge: "ch_1" },
    );
    const found = await stripe.invoicePayments.list({ payment: { type: "payment_intent", payment_intent: "pi_1" } });
    expect(found.data.map(({ invoice: of }) => of)).to.deep.equal(["in_1"]);
    expect((await stripe.charges.retrieve("ch_1")).payment_intent).to.equal("pi_1");
    expect((await stripe.refunds.retrieve("re_1")).charge).to.equal("ch_1");
    expect((await stripe.disputes.retrieve("du_1")).charge).to.equal("ch_1");
  });

  it("Wrong requests answer with Stripe's own errors", async () => {
    const none = await failure(stripe.invoices.retrieve("in_none"));
    expect(none).to.include({ type: "StripeInvalidRequestError", code: "resource_missing", statusCode: 404 });
    expect(none.message).to.equal("No such invoice: 'in_none'");
    const unknown = await failure(stripe.invoices.list({ colour: "red" } as object));
    expect(unknown).to.include({ code: "parameter_unknown", param: "colour" });
    const cursor = await failure(stripe.events.list({ starting_after: "evt_none" }));
    expect(cursor).to.include({ code: "resource_missing", param: "starting_after" });
    const portal = await failure(stripe.billingPortal.sessions.create({ customer: "cus_none" }));
    expect(portal).to.include({ code: "resource_missing", param: "customer" });
  });

  it("One idempotency key gives one session, and other parameters are refused", async () => {
    const customer = await stripe.customers.create({ email: "a@example.com", metadata: { hotel_id: "h" } });
    expect(customer.metadata).to.deep.equal({ hotel_id: "h" });
    const ask = (success_url: string) =>
      stripe.checkout.sessions.create(
        {
          mode: "subscription",
          customer: customer.id,
          line_items: [{ price: "price_1", quantity: 1 }],
          subscription_data: { metadata: { hotel_id: "h" } },
          success_url,
        },
        { idempotencyKey: "checkout-1" },
      );
    const first = await ask("https://example.com/a");
    const second = await ask("https://example.com/a");
    expect(second).to.deep.equal(first);
    expect(second.url).to.match(/^https:\/\/checkout\.stripe\.com\//);
    expect((await failure(ask("https://example.com/b"))).type).to.equal("StripeIdempotencyError");
    expect((await stripe.checkout.sessions.retrieve(first.id)).customer).to.equal(customer.id);
    const portal = await stripe.billingPortal.sessions.create({ customer: customer.id });
    expect(portal).to.include({ object: "billing_portal.session", customer: customer.id });
  });

  describe("with failures", () => {
    beforeEach(() => server.add({ id: "cus_1", object: "customer" }));

    it("A call succeeds after a 500 and a closed connection", async () => {
      server.trouble({ kind: "error" });
      server.trouble({ kind: "cut" });
      expect((await stripe.customers.retrieve("cus_1")).id).to.equal("cus_1");
      expect(server.requests.map(({ status }) => status)).to.deep.equal([500, 0, 200]);
    });

    it("A call fails after three attempts", async () => {
      server.trouble({ kind: "error", status: 503 }, { times: 9 });
      expect((await failure(stripe.customers.retrieve("cus_1"))).statusCode).to.equal(503);
      expect(server.requests).to.have.length(3);
    });

    it("One object is created if the first answer is lost", async () => {
      server.trouble({ kind: "cut", when: "after" });
      const made = await stripe.customers.create({ name: "once" });
      expect(server.requests).to.have.length(2);
      expect(server.requests[0]?.idempotencyKey).to.be.a("string").and.equal(server.requests[1]?.idempotencyKey);
      expect((await stripe.customers.list()).data.filter(({ name }) => name === "once")).to.deep.equal([made]);
    });

    it("A rate limit gives the time to wait, a time-out fails, and a slow answer succeeds", async () => {
      server.trouble({ kind: "rate_limit", retryAfterSeconds: 7 });
      const limited = await failure(stripe.customers.retrieve("cus_1"));
      expect(limited.type).to.equal("StripeRateLimitError");
      expect(limited.headers?.["retry-after"]).to.equal("7");
      server.trouble({ kind: "slow", ms: 150 });
      expect((await stripe.customers.retrieve("cus_1")).id).to.equal("cus_1");
      server.trouble({ kind: "timeout" });
      const late = await failure(stripe.customers.retrieve("cus_1", {}, { timeout: 100, maxNetworkRetries: 0 }));
      expect(late.type).to.equal("StripeConnectionError");
    });
  });
});
