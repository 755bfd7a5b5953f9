import { expect } from "chai";

import { eventually } from "#testing/mod.ts";
import { inDays, iso, useResource, useBilling } from "../testing/billing.ts";
import { basilInvoice, eventAround, freshId, olderInvoice, type TestEvent } from "../testing/deliveries.ts";
import { type SeenRequest, type FakeAnswer, startFakeStripe } from "../testing/fake_stripe.ts";
import { permutationsOf } from "../testing/orders.ts";

describe("fetching what an event lacks", () => {
  const stripe = useResource(startFakeStripe);
  const billing = useBilling({
    variables: () => ({ STRIPE_API_KEY: "sk_test_of_asking", STRIPE_API_BASE: stripe().url }),
  });
  const list = (data: unknown[], has_more = false) => ({ body: { object: "list", data, has_more } });
  const none = { status: 404, body: { error: { type: "invalid_request_error", code: "resource_missing" } } };

  it("The lines beyond the first page are fetched once and stored with the event", async () => {
    const invoiceId = freshId("in");
    const invoice = basilInvoice({ hotelId: billing.hotel.hotelId, invoiceId, periodEnd: inDays(200) });
    const { data } = invoice["lines"] as { data: { period: { end: number } }[] };
    const lines = Array.from({ length: 7 }, (_, index) => {
      const line = structuredClone(data[0]) as { id?: string; period: { end: number } };
      line.id = `il_${index}`;
      line.period.end = inDays(20 + index);
      return line;
    });
    stripe().answer(({ path }) => {
      const after = new URL(path, stripe().url).searchParams.get("starting_after");
      const start = lines.findIndex(({ id }) => id === after) + 1;
      return list(lines.slice(start, start + 3), start + 3 < lines.length);
    });
    const event = eventAround("invoice.paid", { ...invoice, lines: { data: data.slice(1), has_more: true } });
    const [row] = await billing.apply(event);
    expect(row).to.include({ status: "applied", hotel_id: billing.hotel.hotelId });
    expect(JSON.parse(row.fetched).lines).to.have.length(7);
    expect(await billing.view()).to.include({ paid_until: iso(inDays(26)), paid_by: invoiceId });
    expect(stripe().requests.map(({ path }) => path.split("?")[0])).to.deep.equal(
      Array.from({ length: 3 }, () => `/v1/invoices/${invoiceId}/lines`),
    );
  });

  it("Stripe is not asked for an event with a complete payload", async () => {
    stripe().answer(() => none);
    const event = eventAround("invoice.paid", olderInvoice({ hotelId: billing.hotel.hotelId, periodEnd: inDays(30) }));
    await billing.apply(event);
    expect(stripe().requests).to.deep.equal([]);
  });

  it("The lookup succeeds after Stripe was unreachable", async () => {
    const [line] = (olderInvoice({ periodEnd: inDays(50) })["lines"] as { data: object[] }).data;
    let calls = 0;
    // The SDK itself tries three times.
    stripe().answer(() => {
      calls += 1;
      return calls <= 3 ? { status: 503, body: { error: { type: "api_error" } } } : list([{ ...line, id: "il_1" }]);
    });
    const invoice = olderInvoice({ hotelId: billing.hotel.hotelId, periodEnd: inDays(10) });
    const event = eventAround("invoice.paid", { ...invoice, lines: { data: [], has_more: true } });
    await billing.send(event);
    const job = await eventually(() =>
      billing
        .owner("core.outbox")
        .where({ job: "billing.ask-stripe", failures: 1 })
        .first<{ last_error: string } | undefined>("last_error"),
    );
    expect(job.last_error).to.match(/^StripeAway: Stripe did not answer for evt_\w+: .*503/);
    const [row] = await billing.settled(event);
    expect(row).to.include({ status: "applied" });
    expect((await billing.view()).paid_until).to.equal(iso(inDays(50)));
  });

  it("A foreign answer, half a list and a rate limit count as an outage of Stripe", async () => {
    const answers: Record<string, FakeAnswer> = {
      "a page": { body: "<html><body>Please log in to the hotel's network.</body></html>" },
      "a faulty page": { status: 502, body: "<html><body>Bad gateway</body></html>" },
      "half a list": { body: '{"object": "list", "data": [{"id": "il_1", "per' },
      "a rate limit": { status: 429, body: { error: { type: "invalid_request_error", code: "rate_limit" } } },
    };
    for (const [title, answer] of Object.entries(answers)) {
      const invoice = olderInvoice({ hotelId: billing.hotel.hotelId, periodEnd: inDays(50) });
      const event = eventAround("invoice.paid", { ...invoice, lines: { data: [], has_more: true } });
      stripe().answer(() => answer);
      await billing.send(event);
      const job = await eventually(() =>
        billing.jobsOf(event.id).where({ failures: 1 }).first<{ last_error: string }>(),
      );
      expect(job.last_error, title).to.match(/^StripeAway: /);
      expect(job.last_error, title).not.to.include("network");
      stripe().answer(() =>
        list((invoice["lines"] as { data: object[] }).data.map((line, at) => ({ ...line, id: `il_${at}` }))),
      );
      expect((await billing.settled(event))[0], title).to.include({ status: "applied" });
    }
  }).timeout(60_000);

  /** A refund whose payment is in no other event. */
  const refundOf = (ids: Record<string, string>) =>
    eventAround("refund.created", { id: freshId("re"), amount: 24_900, currency: "eur", status: "succeeded", ...ids });

  const idKinds: Record<string, (prefix: string) => string> = {
    "ids of Stripe's": freshId,
    "ids without a prefix": () => freshId("7/é?").replace("_", " "),
  };
  for (const [title, makeId] of Object.entries(idKinds))
    it(`Stripe is asked for the invoice of a refund's payment by its intent or its charge (${title})`, async () => {
      const [invoiceId, charge, payment_intent] = [makeId("in"), makeId("ch"), makeId("pi")];
      const invoice = basilInvoice({ hotelId: billing.hotel.hotelId, invoiceId, periodEnd: inDays(60) });
      const answers: Record<string, FakeAnswer> = {
        [`/v1/charges/${encodeURIComponent(charge)}`]: {
          body: { id: charge, object: "charge", currency: "eur", payment_intent },
        },
        "/v1/invoice_payments": list([
          { id: freshId("inpay"), invoice: invoiceId, payment: { type: "payment_intent", payment_intent } },
        ]),
        [`/v1/invoices/${encodeURIComponent(invoiceId)}`]: { body: invoice },
      };
      const reply = ({ path }: SeenRequest): FakeAnswer => answers[path.split("?")[0] ?? ""] ?? none;
      stripe().answer(reply);
      const paid = eventAround("invoice.paid", invoice);
      const refund = refundOf({ charge });
      const [, row] = await billing.apply(paid, refund);
      expect(row).to.include({ status: "applied", hotel_id: billing.hotel.hotelId });
      const after = await billing.view();
      expect(after.paid_until).to.equal(null);
      expect(after.invoices[0]).to.include({ invoice_id: invoiceId, reversed: true });
      const query = stripe().requests.find(({ path }) => path.startsWith("/v1/invoice_payments"))?.path ?? "";
      expect(new URL(query, stripe().url).searchParams.get("payment[payment_intent]")).to.equal(payment_intent);
    });

  it("One call is enough for a refund that names its intent", async () => {
    const [invoiceId, charge, payment_intent] = [freshId("in"), freshId("ch"), freshId("pi")];
    const invoice = basilInvoice({ hotelId: billing.hotel.hotelId, invoiceId, periodEnd: inDays(60) });
    stripe().answer(() => list([{ id: freshId("inpay"), invoice, payment: { payment_intent } }]));
    await billing.apply(eventAround("invoice.paid", invoice));
    const [row] = await billing.apply(refundOf({ charge, payment_intent }));
    expect(row).to.include({ status: "applied" });
    expect((await billing.view()).invoices[0]).to.include({ invoice_id: invoiceId, reversed: true });
    expect(stripe().requests.map(({ path }) => path.split("?")[0])).to.deep.equal(["/v1/invoice_payments"]);
  });

  /** The event that reverses the whole payment, and how it names the payment. */
  const takers: Record<string, (charge: string, payment_intent: string) => TestEvent> = {
    "a refund": (charge, payment_intent) => refundOf({ charge, payment_intent }),
    "a refund that names the charge alone": (charge) => refundOf({ charge }),
    "a lost dispute": (charge, payment_intent) =>
      eventAround("charge.dispute.closed", {
        id: freshId("dp"),
        amount: 24_900,
        currency: "eur",
        status: "lost",
        charge,
        payment_intent,
      }),
  };
  for (const [title, take] of Object.entries(takers))
    it(`In every order, ${title} counts once an event links the invoice that Stripe did not know`, async () => {
      const orders = permutationsOf([0, 1, 2]);
      for (const order of orders) {
        const hotel = await billing.signUp();
        const [invoiceId, charge, payment_intent] = [freshId("in"), freshId("ch"), freshId("pi")];
        const invoice = basilInvoice({ hotelId: hotel.hotelId, invoiceId, periodEnd: inDays(60) });
        stripe().answer(({ path }) => {
          if (path.startsWith("/v1/invoice_payments")) return list([]);
          if (path.startsWith("/v1/charges/"))
            return { body: { id: charge, object: "charge", currency: "eur", payment_intent } };
          return { body: invoice };
        });
        const payment = { type: "payment_intent", payment_intent };
        const events = [
          eventAround("invoice.paid", invoice),
          take(charge, payment_intent),
          eventAround("invoice_payment.paid", { id: freshId("inpay"), invoice: invoiceId, payment }),
        ];
        for (const index of order) await billing.apply(events[index] ?? expect.fail());
        const rows = await billing.settled(...events);
        expect(
          rows.map(({ status }) => status as string),
          order.join(),
        ).to.deep.equal(events.map(() => "applied"));
        const view = await billing.view(hotel);
        expect([view.paid_until, view.invoices[0].reversed], order.join()).to.deep.equal([null, true]);
      }
      const replayed = await billing.cli("replay", "--all", "--dry-run");
      expect(replayed.out).to.match(/are unchanged/);
    }).timeout(60_000);

  it("Stripe is asked again for a refund's invoice when an operator replays that event", async () => {
    const [invoiceId, payment_intent] = [freshId("in"), freshId("pi")];
    const invoice = basilInvoice({ hotelId: billing.hotel.hotelId, invoiceId, periodEnd: inDays(60) });
    stripe().answer(() => list([]));
    const refund = refundOf({ payment_intent });
    const [, early] = await billing.apply(eventAround("invoice.paid", invoice), refund);
    expect(early).to.include({ status: "waiting", status_reason: "no_invoice" });
    stripe().answer(() => list([{ id: freshId("inpay"), invoice, payment: { payment_intent } }]));
    await billing.cli("replay", refund.id, "--dry-run");
    await billing.settle();
    expect(stripe().requests, "a dry run asks Stripe for nothing").to.deep.equal([]);
    expect((await billing.cli("replay", refund.id)).code).to.equal(0);
    expect((await billing.settled(refund))[0]).to.include({ status: "applied", hotel_id: billing.hotel.hotelId });
    expect((await billing.view()).paid_until).to.equal(null);
  });

  it("A refund waits if its payment was for no invoice, or for an invoice without a subscription", async () => {
    stripe().answer(({ path }) => (path.startsWith("/v1/invoice_payments") ? list([]) : none));
    const bare = refundOf({ payment_intent: freshId("pi") });
    expect((await billing.apply(bare))[0]).to.include({ status: "waiting", status_reason: "no_invoice" });

    const invoiceId = freshId("in");
    const payment_intent = freshId("pi");
    const single = { ...olderInvoice({ invoiceId, periodEnd: inDays(1) }), subscription: null };
    stripe().answer(({ path }) =>
      path.startsWith("/v1/invoices/") ? { body: single } : list([{ invoice: invoiceId, payment: { payment_intent } }]),
    );
    const oneOff = refundOf({ payment_intent });
    expect((await billing.apply(oneOff))[0]).to.include({ status: "waiting", status_reason: "no_invoice" });
    expect(stripe().requests.length, "Stripe is not asked again").to.equal(2);
    await billing.runSchedule("sweep");
    await billing.settle();
    expect(stripe().requests.length).to.equal(2);
  });
});
