import { expect } from "chai";

import {
  eventually,
  signUpHotel,
  startTestPlatform,
  type TestHotel,
  type TestPlatform,
} from "../../workers/testing/platform.ts";
import { deliver, eventAround, freshId, type TestEvent } from "./testing/deliveries.ts";
import { type LittleStripe, startLittleStripe } from "./testing/little_stripe.ts";

const key = "sk_test_of_the_sessions_test";
const pages = {
  success_url: "https://hotel.example/done?session={CHECKOUT_SESSION_ID}",
  cancel_url: "http://hotel.example/",
};

describe("the pages of Stripe's", () => {
  let stripe: LittleStripe;
  let platform: TestPlatform;
  let hotel: TestHotel;
  before(async () => {
    stripe = await startLittleStripe();
    platform = await startTestPlatform({
      variables: { STRIPE_API_KEY: key, STRIPE_API_BASE: stripe.url, STRIPE_PRICE_ID: "price_1" },
    });
  });
  after(async () => {
    await platform.close();
    await stripe.close();
  });
  beforeEach(async () => {
    hotel = await signUpHotel(platform.client);
    stripe.answer(({ path }) => ({
      body: { id: freshId("cs"), url: `https://stripe.example${path}/${freshId("p")}` },
    }));
  });

  const call = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    platform.client.post(`/billing/${path}`, body, { token: hotel.managerToken, headers });
  const apply = async (...events: TestEvent[]) => {
    for (const event of events) expect((await deliver(platform.client, event)).status).to.equal(200);
    await eventually(async () => {
      const rows = await platform.owner("billing.stripe_events").where({ status: "stored" });
      return rows.length === 0 ? true : undefined;
    });
  };
  const subscribe = (customer: string, subscription: string, status = "active") =>
    eventAround("customer.subscription.updated", {
      id: subscription,
      customer,
      status,
      metadata: { hotel_id: hotel.hotelId },
    });

  it("let a hotel subscribe: the session names the hotel wherever its events will be looked at", async () => {
    const answer = await call("checkout", pages);
    expect(answer.status).to.equal(200);
    expect(answer.body).to.have.all.keys("url");
    expect(answer.body.url).to.match(/^https:\/\/stripe\.example\/v1\/checkout\/sessions\//);
    const [asked] = stripe.asked;
    expect([asked?.method, asked?.path]).to.deep.equal(["POST", "/v1/checkout/sessions"]);
    expect(Object.fromEntries(asked?.form ?? [])).to.deep.equal({
      mode: "subscription",
      "line_items[0][price]": "price_1",
      "line_items[0][quantity]": "1",
      client_reference_id: hotel.hotelId,
      "metadata[hotel_id]": hotel.hotelId,
      "subscription_data[metadata][hotel_id]": hotel.hotelId,
      ...pages,
    });
    expect(asked?.headers.authorization).to.equal(`Bearer ${key}`);
    expect(asked?.headers["x-stripe-client-telemetry"]).to.equal(undefined);
  });

  it("send a browser there", async () => {
    const answer = await call("checkout", pages, { accept: "text/html,application/xhtml+xml,*/*;q=0.8" });
    expect(answer.status).to.equal(303);
    expect(answer.headers.get("location")).to.equal(answer.body.url);
    expect(answer.headers.get("vary")).to.match(/Accept/);
  });

  it("are asked for under one key a day, or the caller's own; another request or hotel has another", async () => {
    const keys = () => stripe.asked.map(({ headers }) => headers["idempotency-key"]);
    await call("checkout", pages);
    await call("checkout", pages);
    await call("checkout", { success_url: pages.success_url });
    const mine = { "idempotency-key": "mine" };
    const first = await call("checkout", pages, mine);
    const again = await call("checkout", pages, mine);
    expect(again.body).to.deep.equal(first.body);
    expect(again.headers.get("idempotency-replayed")).to.equal("true");
    hotel = await signUpHotel(platform.client);
    await call("checkout", pages, mine);
    const [one, two, other, own, ownAgain, neighbours] = keys();
    expect(one).to.match(/^keyrack-checkout-/);
    expect(two).to.equal(one);
    expect(ownAgain).to.equal(own);
    expect(new Set([one, other, own, neighbours]).size).to.equal(4);
  });

  it("are for the hotel's customer once there is one, and not for one that was deleted", async () => {
    const [customer, subscription] = [freshId("cus"), freshId("sub")];
    await apply(subscribe(customer, subscription, "canceled"));
    await call("checkout", pages);
    expect(stripe.asked[0]?.form.get("customer")).to.equal(customer);
    const portal = await call("portal", { return_url: "https://hotel.example/billing" });
    expect(portal.status).to.equal(200);
    const asked = stripe.asked[1];
    expect(asked?.path).to.equal("/v1/billing_portal/sessions");
    expect(Object.fromEntries(asked?.form ?? [])).to.deep.equal({
      customer,
      return_url: "https://hotel.example/billing",
    });
    await apply(eventAround("customer.deleted", { id: customer, object: "customer" }));
    await call("checkout", pages);
    expect(stripe.asked[2]?.form.get("customer")).to.equal(null);
    expect((await call("portal", {})).body.code).to.equal("NO_STRIPE_CUSTOMER");
  });

  it("do not sell a second subscription to who has one", async () => {
    await apply(subscribe(freshId("cus"), freshId("sub"), "past_due"));
    const answer = await call("checkout", pages);
    expect([answer.status, answer.body.code]).to.deep.equal([409, "SUBSCRIPTION_EXISTS"]);
    expect(stripe.asked).to.deep.equal([]);
  });

  it("lead back to http and https pages only, and default to Keyrack's own", async () => {
    for (const bad of ["javascript:alert(1)", "/billing", "ftp://hotel.example", 7]) {
      expect((await call("checkout", { ...pages, success_url: bad })).status, String(bad)).to.equal(400);
      expect((await call("portal", { return_url: bad })).status, String(bad)).to.equal(400);
    }
    expect((await call("checkout", { ...pages, price: "price_2" })).body.errors[0].pointer).to.equal("/price");
    expect(stripe.asked).to.deep.equal([]);
    expect((await call("checkout", {})).status).to.equal(200);
    expect(stripe.asked[0]?.form.get("success_url")).to.equal(`${platform.client.url}/docs`);
  });

  it("are a manager's", async () => {
    for (const path of ["checkout", "portal"]) {
      const answer = await platform.client.post(`/billing/${path}`, {}, { token: hotel.receptionistToken });
      expect(answer.status).to.equal(403);
    }
  });

  it("answer 503 while Stripe fails, and 502 where it refuses, with no word of what was sent", async () => {
    stripe.answer(() => ({ status: 500, body: { error: { type: "api_error", message: `no ${key}` } } }));
    const down = await call("checkout", pages);
    expect([down.status, down.body.code]).to.deep.equal([503, "STRIPE_UNAVAILABLE"]);
    expect(down.headers.get("retry-after")).to.equal("1");
    expect(stripe.asked, "tried three times").to.have.length(3);
    expect(new Set(stripe.asked.map(({ headers }) => headers["idempotency-key"])).size).to.equal(1);
    stripe.answer(() => ({ status: 400, body: { error: { type: "invalid_request_error", message: `no ${key}` } } }));
    const refused = await call("checkout", pages);
    expect([refused.status, refused.body.code]).to.deep.equal([502, "STRIPE_REFUSED"]);
    expect(refused.text).not.to.contain(key);
  });
});

describe("the pages of Stripe's, where billing is not set up", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false, variables: { STRIPE_PRICE_ID: "price_1" } });
  });
  after(() => platform.close());

  it("answer 503", async () => {
    const { managerToken: token } = await signUpHotel(platform.client);
    for (const path of ["checkout", "portal"]) {
      const answer = await platform.client.post(`/billing/${path}`, {}, { token });
      expect([answer.status, answer.body.code], path).to.deep.equal([503, "BILLING_NOT_CONFIGURED"]);
    }
  });
});
