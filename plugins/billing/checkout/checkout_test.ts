import { expect } from "chai";

import { boot, readBlueprint } from "../../../core/boot.ts";
import { TestClient } from "#testing/mod.ts";
import { serve } from "../../../core/serve.ts";
import { inDays, useResource, useBilling } from "../testing/billing.ts";
import { basilInvoice, eventAround, freshId } from "../testing/deliveries.ts";
import { type FakeAnswer, startFakeStripe } from "../testing/fake_stripe.ts";

const key = "sk_test_of_the_sessions_test";
const pages = {
  success_url: "https://hotel.example/done?session={CHECKOUT_SESSION_ID}",
  cancel_url: "http://hotel.example/",
};

describe("sessions on Stripe's pages", () => {
  const stripe = useResource(startFakeStripe);
  const billing = useBilling({
    variables: () => ({ STRIPE_API_KEY: key, STRIPE_API_BASE: stripe().url, STRIPE_PRICE_ID: "price_1" }),
  });
  beforeEach(() => {
    stripe().answer(({ path }) => ({
      body: { id: freshId("cs"), url: `https://stripe.example${path}/${freshId("p")}` },
    }));
  });

  const call = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    billing.platform.client.post(`/billing/${path}`, body, { token: billing.hotel.managerToken, headers });
  const subscribe = (customer: string, subscription: string, status = "active") =>
    eventAround("customer.subscription.updated", {
      id: subscription,
      customer,
      status,
      metadata: { hotel_id: billing.hotel.hotelId },
    });

  it("A checkout session names the hotel in all objects that its events show", async () => {
    const answer = await call("checkout", pages);
    expect(answer.status).to.equal(200);
    expect(answer.body).to.have.all.keys("url");
    expect(answer.body.url).to.match(/^https:\/\/stripe\.example\/v1\/checkout\/sessions\//);
    const [request] = stripe().requests;
    expect([request?.method, request?.path]).to.deep.equal(["POST", "/v1/checkout/sessions"]);
    expect(Object.fromEntries(request?.form ?? [])).to.deep.equal({
      mode: "subscription",
      "line_items[0][price]": "price_1",
      "line_items[0][quantity]": "1",
      client_reference_id: billing.hotel.hotelId,
      "metadata[hotel_id]": billing.hotel.hotelId,
      "subscription_data[metadata][hotel_id]": billing.hotel.hotelId,
      ...pages,
    });
    expect(request?.headers.authorization).to.equal(`Bearer ${key}`);
    expect(request?.headers["x-stripe-client-telemetry"]).to.equal(undefined);
  });

  it("A browser is redirected to the page", async () => {
    const answer = await call("checkout", pages, { accept: "text/html,application/xhtml+xml,*/*;q=0.8" });
    expect(answer.status).to.equal(303);
    expect(answer.headers.get("location")).to.equal(answer.body.url);
    expect(answer.headers.get("vary")).to.match(/Accept/);
  });

  it("One idempotency key serves a day, or the caller's own key, and only one request", async () => {
    const keys = () => stripe().requests.map(({ headers }) => headers["idempotency-key"]);
    await call("checkout", pages);
    await call("checkout", pages);
    await call("checkout", { success_url: pages.success_url });
    const mine = { "idempotency-key": "mine" };
    const first = await call("checkout", pages, mine);
    const again = await call("checkout", pages, mine);
    expect(again.body).to.deep.equal(first.body);
    expect(again.headers.get("idempotency-replayed")).to.equal("true");
    billing.hotel = await billing.signUp();
    await call("checkout", pages, mine);
    const [one, two, other, own, ownAgain, neighbours] = keys();
    expect(one).to.match(/^keyrack-checkout-/);
    expect(two).to.equal(one);
    expect(ownAgain).to.equal(own);
    expect(new Set([one, other, own, neighbours]).size).to.equal(4);
  });

  it("Sessions are for the hotel's customer once it exists, and not for a deleted customer", async () => {
    const [customer, subscription] = [freshId("cus"), freshId("sub")];
    await billing.apply(subscribe(customer, subscription, "canceled"));
    await call("checkout", pages);
    expect(stripe().requests[0]?.form.get("customer")).to.equal(customer);
    const portal = await call("portal", { return_url: "https://hotel.example/billing" });
    expect(portal.status).to.equal(200);
    const request = stripe().requests[1];
    expect(request?.path).to.equal("/v1/billing_portal/sessions");
    expect(Object.fromEntries(request?.form ?? [])).to.deep.equal({
      customer,
      return_url: "https://hotel.example/billing",
    });
    await billing.apply(eventAround("customer.deleted", { id: customer, object: "customer" }));
    await call("checkout", pages);
    expect(stripe().requests[2]?.form.get("customer")).to.equal(null);
    const { body } = await call("portal", {});
    expect([body.code, body.detail]).to.deep.equal([
      "NO_STRIPE_CUSTOMER",
      "The Stripe customer that paid for the hotel's subscription was deleted at Stripe. " +
        "After that subscription has ended, use POST /billing/checkout to subscribe again.",
    ]);
  });

  /** A subscription's state in an event of the current second. */
  const stateOf = (hotelId: string, customer: string, id: string, created: number, status = "active") => ({
    ...eventAround("customer.subscription.updated", { id, customer, status, metadata: { hotel_id: hotelId } }),
    created,
  });
  const portalOf = async (token: string) => {
    stripe().requests.length = 0;
    const answer = await billing.platform.client.post("/billing/portal", {}, { token });
    return [answer.status, answer.body.code, stripe().requests[0]?.form.get("customer")];
  };

  it("Each hotel of a chain opens the portal of the one customer that pays for both, until it is deleted", async () => {
    const [first, second, stranger] = [billing.hotel, await billing.signUp(), await billing.signUp()];
    const customer = freshId("cus");
    await billing.apply(
      stateOf(first.hotelId, customer, freshId("sub"), 1_790_000_000),
      stateOf(second.hotelId, customer, freshId("sub"), 1_790_000_001),
    );
    for (const { managerToken } of [first, second])
      expect(await portalOf(managerToken)).to.deep.equal([200, undefined, customer]);
    expect(await portalOf(stranger.managerToken)).to.deep.equal([409, "NO_STRIPE_CUSTOMER", undefined]);
    await billing.apply(eventAround("customer.deleted", { id: customer, object: "customer" }));
    for (const { managerToken } of [first, second])
      expect(await portalOf(managerToken)).to.deep.equal([409, "NO_STRIPE_CUSTOMER", undefined]);
  });

  it("The problem says why the hotel can't open the portal", async () => {
    const [first, second, stranger] = [billing.hotel, await billing.signUp(), await billing.signUp()];
    const [customer, subscription] = [freshId("cus"), freshId("sub")];
    const whyNot = async (token: string) => {
      stripe().requests.length = 0;
      const { status, body } = await billing.platform.client.post("/billing/portal", {}, { token });
      expect([status, body.code, stripe().requests]).to.deep.equal([409, "NO_STRIPE_CUSTOMER", []]);
      return body.detail as string;
    };
    const paid = { hotelId: second.hotelId, customerId: customer, subscriptionId: subscription };
    const events = [
      stateOf(first.hotelId, customer, freshId("sub"), 1_790_000_000),
      eventAround("invoice.paid", basilInvoice({ ...paid, periodEnd: inDays(30) })),
      stateOf(second.hotelId, customer, subscription, 1_790_000_001, "canceled"),
    ];
    for (const event of events.toReversed()) await billing.apply(event);
    expect((await billing.view(second)).status).to.equal("active");
    expect(await whyNot(second.managerToken)).to.match(
      /has ended, .* pays for another hotel\. .* paid period remains paid/,
    );
    expect(await whyNot(stranger.managerToken)).to.match(/has not subscribed yet/);
    expect(await portalOf(first.managerToken)).to.deep.equal([200, undefined, customer]);
    const { customer: _, ...withoutCustomer } = stateOf(stranger.hotelId, "", freshId("sub"), 1_790_000_000).data
      .object;
    await billing.apply(eventAround("customer.subscription.updated", withoutCustomer));
    expect(await whyNot(stranger.managerToken)).to.match(/No event from Stripe has named the customer/);
  });

  it("The customer of the hotel's own subscription comes before the customer of an older checkout", async () => {
    const [older, payer] = [`cus_0${freshId("")}`, `cus_1${freshId("")}`];
    const session = { id: freshId("cs"), mode: "subscription", client_reference_id: billing.hotel.hotelId };
    await billing.apply(
      eventAround("checkout.session.completed", { ...session, customer: older, subscription: freshId("sub") }),
      stateOf(billing.hotel.hotelId, payer, freshId("sub"), 1_790_000_000),
    );
    expect(await portalOf(billing.hotel.managerToken)).to.deep.equal([200, undefined, payer]);
  });

  for (const order of ["as they were made", "the other way round"])
    it(`A manager never reaches a customer of another hotel's subscription (events ${order})`, async () => {
      const [wrong, right] = [billing.hotel, await billing.signUp()];
      const [customer, subscription] = [freshId("cus"), freshId("sub")];
      const events = [
        stateOf(wrong.hotelId, customer, subscription, 1_790_000_000),
        stateOf(right.hotelId, customer, subscription, 1_790_000_001),
      ];
      for (const event of order === "as they were made" ? events : events.toReversed()) await billing.apply(event);
      expect(await portalOf(wrong.managerToken)).to.deep.equal([409, "NO_STRIPE_CUSTOMER", undefined]);
    });

  it("A subscribed hotel can't buy a second subscription", async () => {
    await billing.apply(subscribe(freshId("cus"), freshId("sub"), "past_due"));
    const answer = await call("checkout", pages);
    expect([answer.status, answer.body.code]).to.deep.equal([409, "SUBSCRIPTION_EXISTS"]);
    expect(stripe().requests).to.deep.equal([]);
  });

  it("Stripe is asked for the first subscription before a second is sold", async () => {
    const [customer, subscription] = [freshId("cus"), freshId("sub")];
    const paid = { id: freshId("cs"), mode: "subscription", client_reference_id: billing.hotel.hotelId };
    await billing.apply(eventAround("checkout.session.completed", { ...paid, customer, subscription }));
    const answers = (status: string) =>
      stripe().answer(({ path }) =>
        path === `/v1/subscriptions/${subscription}`
          ? { body: { id: subscription, object: "subscription", status } }
          : { body: { id: freshId("cs"), url: "https://stripe.example/new" } },
      );
    answers("active");
    const again = await call("checkout", pages);
    expect([again.status, again.body.code]).to.deep.equal([409, "SUBSCRIPTION_EXISTS"]);
    expect(stripe().requests.map(({ method }) => method)).to.deep.equal(["GET"]);
    answers("canceled");
    expect((await call("checkout", pages)).status).to.equal(200);
    const missing = {
      error: { type: "invalid_request_error", code: "resource_missing", message: "No such subscription" },
    };
    stripe().answer(({ method }) =>
      method === "GET" ? { status: 404, body: missing } : { body: { url: "https://stripe.example/new" } },
    );
    expect((await call("checkout", pages)).status).to.equal(200);
  });

  it("A paid invoice prevents a second subscription, even if Stripe does not know the first", async () => {
    const { hotelId } = billing.hotel;
    const ids = { hotelId, customerId: freshId("cus"), subscriptionId: freshId("sub") };
    const known = (status: string): FakeAnswer => ({
      body: { id: ids.subscriptionId, object: "subscription", status },
    });
    const missing = {
      status: 404,
      body: { error: { type: "invalid_request_error", code: "resource_missing", message: "No such subscription" } },
    };
    const checkout = async (request: FakeAnswer) => {
      stripe().answer(({ method }) => (method === "GET" ? request : { body: { url: "https://stripe.example/new" } }));
      const { status, body } = await call("checkout", pages);
      return [status, body.code];
    };
    const sells = [200, undefined];
    const refuses = [409, "SUBSCRIPTION_EXISTS"];
    const paidUntil = (days: number) => eventAround("invoice.paid", basilInvoice({ ...ids, periodEnd: inDays(days) }));
    const [past, running] = [paidUntil(-5), paidUntil(30)];
    await billing.apply(past);
    expect(await checkout(missing), "the paid period and the days of grace are over").to.deep.equal(sells);
    await billing.apply(running);
    expect((await billing.view()).status).to.equal("active");
    expect(await checkout(missing)).to.deep.equal(refuses);
    expect(await checkout(known("active"))).to.deep.equal(refuses);
    expect(await checkout(known("canceled")), "Stripe says that it has ended").to.deep.equal(sells);
    const { customerId, subscriptionId } = ids;
    const refund = { id: freshId("re"), amount: 24_900, currency: "eur", charge: freshId("ch"), status: "succeeded" };
    const payment = { type: "charge", charge: refund.charge };
    await billing.apply(
      eventAround("invoice_payment.paid", { id: freshId("inpay"), invoice: running.data.object["id"], payment }),
      eventAround("refund.created", refund),
    );
    expect(await checkout(missing), "the payment was refunded").to.deep.equal(sells);
    await billing.apply(paidUntil(60));
    expect(await checkout(missing)).to.deep.equal(refuses);
    await billing.apply(subscribe(customerId, subscriptionId, "canceled"));
    expect((await billing.view()).status).to.equal("active");
    expect(await checkout(missing), "an event says that it has ended").to.deep.equal(sells);
  });

  it("A failure that Stripe stores under a key does not block checkouts for a day", async () => {
    const answersByKey = new Map<unknown, FakeAnswer>();
    let failing = true;
    stripe().answer(({ headers }) => {
      const key = headers["idempotency-key"];
      const before = answersByKey.get(key);
      if (before !== undefined) return { ...before, headers: { "idempotent-replayed": "true" } };
      const answer = failing
        ? { status: 500, body: { error: { type: "api_error", message: "An unknown error occurred" } } }
        : { body: { url: "https://stripe.example/new" } };
      answersByKey.set(key, answer);
      return answer;
    });
    expect((await call("checkout", pages)).body.code).to.equal("STRIPE_UNAVAILABLE");
    expect(answersByKey.size, "a limited number of keys").to.equal(3);
    const [first] = answersByKey.keys();
    failing = false;
    answersByKey.clear();
    answersByKey.set(first, {
      status: 500,
      body: { error: { type: "api_error", message: "An unknown error occurred" } },
    });
    // Two clicks at the same time give one session.
    const twice = await Promise.all([call("checkout", pages), call("checkout", pages)]);
    expect(twice.map(({ status }) => status)).to.deep.equal([200, 200]);
    expect(answersByKey.size).to.equal(2);
  });

  it("Return addresses must be http or https, and default to Keyrack's own page", async () => {
    for (const bad of ["javascript:alert(1)", "/billing", "ftp://hotel.example", 7]) {
      expect((await call("checkout", { ...pages, success_url: bad })).status, String(bad)).to.equal(400);
      expect((await call("portal", { return_url: bad })).status, String(bad)).to.equal(400);
    }
    expect((await call("checkout", { ...pages, price: "price_2" })).body.errors[0].pointer).to.equal("/price");
    expect(stripe().requests).to.deep.equal([]);
    expect((await call("checkout", {})).status).to.equal(200);
    expect(stripe().requests[0]?.form.get("success_url")).to.equal(`${billing.platform.client.url}/app/billing`);
  });

  it("The default return address is PUBLIC_URL or the caller's Host, and never a forwarded header's host", async () => {
    const forged = { "x-forwarded-host": "evil.example", "x-forwarded-proto": "javascript" };
    const success = async (more: Record<string, string>, headers: Record<string, string>) => {
      const variables = { ...billing.platform.variables, TRUSTED_PROXIES: "1", ...more };
      const server = await serve(await boot("web", variables));
      try {
        const url = `http://127.0.0.1:${server.port}`;
        const token = billing.hotel.managerToken;
        const { status, text } = await new TestClient(url).post("/billing/checkout", {}, { token, headers });
        expect(status, text).to.equal(200);
        return { url, request: stripe().requests.at(-1)?.form.get("success_url") };
      } finally {
        await server.close();
      }
    };
    const { url, request } = await success({}, forged);
    expect(request).to.equal(`${url}/app/billing`);
    const behindTls = await success({}, { "x-forwarded-proto": "https" });
    expect(behindTls.request).to.equal(`${behindTls.url.replace("http:", "https:")}/app/billing`);
    const hotels = { PUBLIC_URL: "https://hotels.example/keyrack" };
    expect((await success(hotels, forged)).request).to.equal("https://hotels.example/keyrack/app/billing");
    for (const wrong of ["javascript:alert(1)", "hotels.example", "https://hotels.example/?a=1"]) {
      const error = await readBlueprint({ ...billing.platform.variables, PUBLIC_URL: wrong }).catch(String);
      expect(error, wrong).to.match(/PUBLIC_URL/);
    }
  });

  it("Only a manager can open the pages", async () => {
    for (const path of ["checkout", "portal"]) {
      const answer = await billing.platform.client.post(
        `/billing/${path}`,
        {},
        { token: billing.hotel.receptionistToken },
      );
      expect(answer.status).to.equal(403);
    }
  });

  it("The security log records each page that a manager opens, and no failed attempt", async () => {
    billing.hotel = await billing.signUp();
    const { managerToken: token, username } = billing.hotel;
    await call("portal", {});
    await billing.apply(subscribe(freshId("cus"), freshId("sub"), "canceled"));
    const mine = { "idempotency-key": "one-event", "user-agent": "Office/1.0" };
    for (let time = 0; time < 2; time += 1) expect((await call("checkout", pages, mine)).status).to.equal(200);
    expect((await call("portal", {}, { "user-agent": "Office/1.0" })).status).to.equal(200);
    const { body } = await billing.platform.client.get("/audit", { token });
    const events = (body.items as { kind: string; actor: { username: string }; address: string; user_agent: string }[])
      .filter(({ kind }) => kind.startsWith("billing."))
      .map(({ kind, actor, user_agent: agent }) => [kind, actor.username, agent]);
    expect(events).to.deep.equal([
      ["billing.portal_opened", username, "Office/1.0"],
      ["billing.checkout_opened", username, "Office/1.0"],
    ]);
  });

  it("The answer is 503 while Stripe fails and 502 if Stripe refuses, without request data", async () => {
    stripe().answer(() => ({ status: 500, body: { error: { type: "api_error", message: `no ${key}` } } }));
    const down = await call("checkout", pages);
    expect([down.status, down.body.code]).to.deep.equal([503, "STRIPE_UNAVAILABLE"]);
    expect(down.headers.get("retry-after")).to.equal("1");
    expect(stripe().requests, "tried three times").to.have.length(3);
    expect(new Set(stripe().requests.map(({ headers }) => headers["idempotency-key"])).size).to.equal(1);
    stripe().answer(() => ({ status: 400, body: { error: { type: "invalid_request_error", message: `no ${key}` } } }));
    const refused = await call("checkout", pages);
    expect([refused.status, refused.body.code]).to.deep.equal([502, "STRIPE_REFUSED"]);
    expect(refused.text).not.to.contain(key);
  });
});

describe("sessions on Stripe's pages without billing's configuration", () => {
  const billing = useBilling({ worker: false, variables: () => ({ STRIPE_PRICE_ID: "price_1" }) });

  it("The answer is 503", async () => {
    const { managerToken: token } = billing.hotel;
    for (const path of ["checkout", "portal"]) {
      const answer = await billing.platform.client.post(`/billing/${path}`, {}, { token });
      expect([answer.status, answer.body.code], path).to.deep.equal([503, "BILLING_NOT_CONFIGURED"]);
    }
  });
});
