import { expect } from "chai";

import {
  eventually,
  signUpHotel,
  startTestPlatform,
  type TestHotel,
  type TestPlatform,
} from "../../workers/testing/platform.ts";
import { basilInvoice, deliver, eventAround, freshId, olderInvoice, type TestEvent } from "./testing/deliveries.ts";
import { type Asked, type LittleAnswer, type LittleStripe, startLittleStripe } from "./testing/little_stripe.ts";

const daySeconds = 86_400;
const startSeconds = Math.floor(Date.now() / 1000);
const inDays = (days: number) => startSeconds + days * daySeconds;

describe("asking Stripe for what an event lacks", () => {
  let stripe: LittleStripe;
  let platform: TestPlatform;
  let hotel: TestHotel;
  before(async () => {
    stripe = await startLittleStripe();
    platform = await startTestPlatform({
      variables: { STRIPE_API_KEY: "sk_test_of_asking", STRIPE_API_BASE: stripe.url },
    });
  });
  after(async () => {
    await platform.close();
    await stripe.close();
  });
  beforeEach(async () => {
    hotel = await signUpHotel(platform.client);
  });

  const send = async (...events: TestEvent[]) => {
    for (const event of events) expect((await deliver(platform.client, event)).status).to.equal(200);
  };
  const settled = async (...events: TestEvent[]) => {
    await eventually(async () => ((await platform.owner("core.outbox").first()) === undefined ? true : undefined));
    const rows = await platform.owner("billing.stripe_events").whereIn(
      "event_id",
      events.map(({ id }) => id),
    );
    return events.map(({ id }) => rows.find((row) => row.event_id === id));
  };
  const view = async () => (await platform.client.get("/billing/subscription", { token: hotel.managerToken })).body;
  const until = (seconds: number) => new Date(seconds * 1000).toISOString();
  const list = (data: unknown[], has_more = false) => ({ body: { object: "list", data, has_more } });
  const none = { status: 404, body: { error: { type: "invalid_request_error", code: "resource_missing" } } };

  it("fetches the lines beyond the first page, once, and keeps them with the event", async () => {
    const invoiceId = freshId("in");
    const invoice = basilInvoice({ hotelId: hotel.hotelId, invoiceId, periodEnd: inDays(200) });
    const { data } = invoice["lines"] as { data: { period: { end: number } }[] };
    const lines = Array.from({ length: 7 }, (_, index) => {
      const line = structuredClone(data[0]) as { id?: string; period: { end: number } };
      line.id = `il_${index}`;
      line.period.end = inDays(20 + index);
      return line;
    });
    stripe.answer(({ path }) => {
      const after = new URL(path, stripe.url).searchParams.get("starting_after");
      const start = lines.findIndex(({ id }) => id === after) + 1;
      return list(lines.slice(start, start + 3), start + 3 < lines.length);
    });
    const event = eventAround("invoice.paid", { ...invoice, lines: { data: data.slice(1), has_more: true } });
    await send(event);
    const [row] = await settled(event);
    expect(row).to.include({ status: "applied", hotel_id: hotel.hotelId });
    expect(JSON.parse(row.fetched).lines).to.have.length(7);
    expect(await view()).to.include({ paid_until: until(inDays(26)), paid_by: invoiceId });
    expect(stripe.asked.map(({ path }) => path.split("?")[0])).to.deep.equal(
      Array.from({ length: 3 }, () => `/v1/invoices/${invoiceId}/lines`),
    );
  });

  it("asks nothing for an event whose payload is complete", async () => {
    stripe.answer(() => none);
    const event = eventAround("invoice.paid", olderInvoice({ hotelId: hotel.hotelId, periodEnd: inDays(30) }));
    await send(event);
    await settled(event);
    expect(stripe.asked).to.deep.equal([]);
  });

  it("comes back after Stripe was out of reach", async () => {
    const [line] = (olderInvoice({ periodEnd: inDays(50) })["lines"] as { data: object[] }).data;
    let calls = 0;
    // The SDK itself tries three times.
    stripe.answer(() => {
      calls += 1;
      return calls <= 3 ? { status: 503, body: { error: { type: "api_error" } } } : list([{ ...line, id: "il_1" }]);
    });
    const invoice = olderInvoice({ hotelId: hotel.hotelId, periodEnd: inDays(10) });
    const event = eventAround("invoice.paid", { ...invoice, lines: { data: [], has_more: true } });
    await send(event);
    const job = await eventually(() =>
      platform
        .owner("core.outbox")
        .where({ job: "billing.ask-stripe", failures: 1 })
        .first<{ last_error: string } | undefined>("last_error"),
    );
    expect(job.last_error).to.match(/^Error: Stripe did not answer for evt_\w+: .*503/);
    const [row] = await settled(event);
    expect(row).to.include({ status: "applied" });
    expect((await view()).paid_until).to.equal(until(inDays(50)));
  });

  /** A refund whose payment no event has told of. */
  const refundOf = (ids: Record<string, string>) =>
    eventAround("refund.created", { id: freshId("re"), amount: 24_900, currency: "eur", status: "succeeded", ...ids });

  it("asks which invoice a refund's payment was for, by its intent or by its charge", async () => {
    const [invoiceId, charge, payment_intent] = [freshId("in"), freshId("ch"), freshId("pi")];
    const invoice = basilInvoice({ hotelId: hotel.hotelId, invoiceId, periodEnd: inDays(60) });
    const answers: Record<string, LittleAnswer> = {
      [`/v1/charges/${charge}`]: { body: { id: charge, object: "charge", currency: "eur", payment_intent } },
      "/v1/invoice_payments": list([
        { id: freshId("inpay"), invoice: invoiceId, payment: { type: "payment_intent", payment_intent } },
      ]),
      [`/v1/invoices/${invoiceId}`]: { body: invoice },
    };
    const reply = ({ path }: Asked): LittleAnswer => answers[path.split("?")[0] ?? ""] ?? none;
    stripe.answer(reply);
    const paid = eventAround("invoice.paid", invoice);
    const refund = refundOf({ charge });
    await send(paid, refund);
    const [, row] = await settled(paid, refund);
    expect(row).to.include({ status: "applied", hotel_id: hotel.hotelId });
    const after = await view();
    expect(after.paid_until).to.equal(null);
    expect(after.invoices[0]).to.include({ invoice_id: invoiceId, reversed: true });
    const query = stripe.asked.find(({ path }) => path.startsWith("/v1/invoice_payments"))?.path ?? "";
    expect(new URL(query, stripe.url).searchParams.get("payment[payment_intent]")).to.equal(payment_intent);
  });

  it("ignores a refund of a payment that was for no invoice, or for none of a subscription", async () => {
    stripe.answer(({ path }) => (path.startsWith("/v1/invoice_payments") ? list([]) : none));
    const bare = refundOf({ payment_intent: freshId("pi") });
    await send(bare);
    expect((await settled(bare))[0]).to.include({ status: "ignored", status_reason: "no_invoice" });

    const invoiceId = freshId("in");
    const payment_intent = freshId("pi");
    const single = { ...olderInvoice({ invoiceId, periodEnd: inDays(1) }), subscription: null };
    stripe.answer(({ path }) =>
      path.startsWith("/v1/invoices/") ? { body: single } : list([{ invoice: invoiceId, payment: { payment_intent } }]),
    );
    const oneOff = refundOf({ payment_intent });
    await send(oneOff);
    expect((await settled(oneOff))[0]).to.include({ status: "ignored", status_reason: "no_invoice" });
  });
});
