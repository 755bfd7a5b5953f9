/**
 * Determines the hotel of a customer and a subscription if events name different hotels. A manager must never reach
 * another hotel's pages.
 */
import { expect } from "chai";

import { type TestHotel } from "#testing/mod.ts";
import { ledgerTables } from "../entitlement/ledger_tables.ts";
import { inDays, iso, useResource, startSeconds, useBilling } from "../testing/billing.ts";
import { basilInvoice, eventAround, freshId, type TestEvent } from "../testing/deliveries.ts";
import { startFakeStripe } from "../testing/fake_stripe.ts";
import { permutationsOf } from "../testing/orders.ts";

describe("a subscription whose hotel_id is corrected at Stripe", function () {
  this.timeout(120_000);
  const stripe = useResource(startFakeStripe);
  const billing = useBilling({
    variables: () => ({
      STRIPE_API_KEY: "sk_test_of_the_owner_test",
      STRIPE_API_BASE: stripe().url,
      STRIPE_PRICE_ID: "price_1",
    }),
  });
  let right: TestHotel;
  before(async () => {
    right = await billing.signUp();
  });
  beforeEach(() => {
    stripe().answer(() => ({ body: { id: freshId("cs"), url: "https://stripe.example/" } }));
  });

  const subscription = "sub_corrected";
  const customer = "cus_of_the_right_one";
  let seconds = 0;
  const at = (event: TestEvent): TestEvent => ({ ...event, created: startSeconds - 1000 + (seconds += 1) });
  const state = (hotelId: string, status = "active", of: object = {}) =>
    at(
      eventAround("customer.subscription.updated", {
        id: subscription,
        object: "subscription",
        status,
        customer,
        metadata: { hotel_id: hotelId },
        ...of,
      }),
    );
  const invoice = (hotelId: string | undefined, id: string, days: number, of: object = {}) =>
    at(
      eventAround("invoice.paid", {
        ...basilInvoice({
          hotelId,
          invoiceId: id,
          customerId: customer,
          subscriptionId: subscription,
          periodEnd: inDays(days),
        }),
        ...of,
      }),
    );
  const empty = async () => {
    for (const table of [...ledgerTables, "billing.stripe_events", "core.outbox"]) await billing.owner(table).delete();
  };
  afterEach(empty);
  /** The answer that a manager gets, with the customer in the request to Stripe. */
  const open = async ({ managerToken: token }: TestHotel, page: "portal" | "checkout") => {
    stripe().requests.length = 0;
    const { status, body } = await billing.platform.client.post(`/billing/${page}`, {}, { token });
    return [status, body.code, stripe().requests[0]?.form.get("customer") ?? null];
  };
  /** All rows of facts, without the hotel that an event was applied for at its time. */
  const rows = async (): Promise<string[]> => {
    const lines: string[] = [];
    for (const table of [...ledgerTables, "(SELECT hotel_id, valid_to FROM identity.hotels)"]) {
      const { rows: found } = (await billing.owner.raw(`SELECT t::text AS line FROM ${table} t ORDER BY 1`)) as {
        rows: { line: string }[];
      };
      lines.push(...found.map(({ line }) => line), "--");
    }
    return lines;
  };

  it("The subscription and its invoices belong to the last named hotel, in every order", async () => {
    const wrong = billing.hotel;
    const events = [
      state(wrong.hotelId),
      invoice(wrong.hotelId, "in_first", 31),
      state(right.hotelId),
      invoice(right.hotelId, "in_second", 62),
    ];
    const seen = new Set<string>();
    for (const order of permutationsOf(events)) {
      for (const event of order) expect((await billing.apply(event))[0]).to.include({ status: "applied" });
      const orderText = order.map((event) => events.indexOf(event)).join();
      expect(await open(wrong, "portal"), orderText).to.deep.equal([409, "NO_STRIPE_CUSTOMER", null]);
      expect(await open(right, "portal"), orderText).to.deep.equal([200, undefined, customer]);
      expect(await open(right, "checkout"), orderText).to.deep.equal([409, "SUBSCRIPTION_EXISTS", null]);
      const [ofWrong, ofRight] = [await billing.view(wrong), await billing.view(right)];
      expect([ofWrong.status, ofWrong.invoices, ofWrong.subscriptions], orderText).to.deep.equal(["trial", [], []]);
      expect([ofRight.status, ofRight.paid_until, ofRight.invoices.length], orderText).to.deep.equal([
        "active",
        iso(inDays(62)),
        2,
      ]);
      seen.add(JSON.stringify(await rows()));
      await empty();
    }
    expect(seen.size, "the same rows in every order").to.equal(1);
  });

  it("The hotel that was named first can subscribe on its own", async () => {
    await billing.apply(state(billing.hotel.hotelId), state(right.hotelId));
    expect(await open(billing.hotel, "checkout")).to.deep.equal([200, undefined, null]);
    expect(stripe().requests[0]?.form.get("client_reference_id")).to.equal(billing.hotel.hotelId);
  });

  it("An old invoice that is paid late with the old hotel_id does not move the subscription back", async () => {
    const wrong = billing.hotel;
    const old = { created: startSeconds - 90 * 86_400 };
    await billing.apply(state(wrong.hotelId), state(right.hotelId), invoice(wrong.hotelId, "in_old", 40, old));
    expect(await open(wrong, "portal")).to.deep.equal([409, "NO_STRIPE_CUSTOMER", null]);
    expect((await billing.view(right)).paid_until).to.equal(iso(inDays(40)));
  });

  it("Payments and refunds move with their invoices, and later ones find the right hotel", async () => {
    const wrong = billing.hotel;
    const payment = { type: "payment_intent", payment_intent: "pi_1" };
    const refund = (id: string, amount: number) =>
      at(
        eventAround("refund.created", {
          id,
          amount,
          currency: "eur",
          status: "succeeded",
          charge: "ch_1",
          payment_intent: "pi_1",
        }),
      );
    const events = [
      state(wrong.hotelId),
      invoice(wrong.hotelId, "in_first", 31),
      at(eventAround("invoice_payment.paid", { id: "inpay_1", invoice: "in_first", payment })),
      refund("re_1", 900),
      state(right.hotelId),
      refund("re_2", 24_000),
    ];
    // If the refund arrives before the link, Stripe is asked and knows no more than the events.
    stripe().answer(({ path }) => ({
      body: path.includes("/charges/")
        ? { id: "ch_1", object: "charge", currency: "eur", payment_intent: "pi_1" }
        : path.includes("/invoice_payments")
          ? { object: "list", has_more: false, data: [{ id: "inpay_1", invoice: "in_first", payment }] }
          : events[1]?.data.object,
    }));
    const seen = new Set<string>();
    const orders = permutationsOf([0, 1, 2, 3, 4, 5]).filter((_, index) => index % 41 === 0);
    for (const order of orders) {
      for (const index of order) await billing.send(events[index] ?? expect.fail());
      await billing.settled();
      expect((await billing.view(wrong)).invoices, order.join()).to.deep.equal([]);
      const [paid] = (await billing.view(right)).invoices;
      expect([paid.invoice_id, paid.reversed, paid.reversals.length], order.join()).to.deep.equal([
        "in_first",
        true,
        2,
      ]);
      seen.add(JSON.stringify(await rows()));
      await empty();
    }
    expect(seen.size).to.equal(1);
  });

  it("The customer's other subscriptions move too, if no event names a hotel for them", async () => {
    const wrong = billing.hotel;
    const unnamed = at(
      eventAround(
        "invoice.paid",
        basilInvoice({ customerId: customer, subscriptionId: "sub_x", invoiceId: "in_x", periodEnd: inDays(50) }),
      ),
    );
    await billing.apply(state(wrong.hotelId), unnamed);
    expect((await billing.view(wrong)).paid_until).to.equal(iso(inDays(50)));
    await billing.apply(state(right.hotelId));
    expect((await billing.view(wrong)).paid_until).to.equal(null);
    expect((await billing.view(right)).paid_until).to.equal(iso(inDays(50)));
  });

  it("An ended hotel can't open the portal of a customer that pays for another hotel", async () => {
    const ended = state(billing.hotel.hotelId, "canceled", { id: "sub_ended" });
    await billing.apply(ended);
    expect(await open(billing.hotel, "portal")).to.deep.equal([200, undefined, customer]);
    await billing.apply(state(right.hotelId));
    expect(await open(billing.hotel, "portal")).to.deep.equal([409, "NO_STRIPE_CUSTOMER", null]);
    expect(await open(right, "portal")).to.deep.equal([200, undefined, customer]);
  });

  it("The subscription moves completely while other events are applied", async () => {
    const events = [
      state(billing.hotel.hotelId),
      ...[1, 2, 3, 4].map((month) => invoice(undefined, `in_${month}`, month * 30)),
      state(right.hotelId),
      ...[5, 6, 7, 8].map((month) => invoice(undefined, `in_${month}`, month * 30)),
    ];
    await billing.sendAtOnce(...events);
    await billing.settled();
    expect((await billing.view(billing.hotel)).invoices).to.deep.equal([]);
    const view = await billing.view(right);
    expect([view.invoices.length, view.paid_until]).to.deep.equal([8, iso(inDays(240))]);
  });
});
