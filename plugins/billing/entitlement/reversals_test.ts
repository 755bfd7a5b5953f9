import { expect } from "chai";

import { onBothStores } from "#testing/mod.ts";
import { inDays, iso, startSeconds, useBilling } from "../testing/billing.ts";
import { basilInvoice, eventAround, freshId, olderInvoice, type TestEvent } from "../testing/deliveries.ts";
import { permutationsOf } from "../testing/orders.ts";

onBothStores("reversals of payments", (store) => {
  const billing = useBilling({ store });
  let ids: { invoiceId: string; customerId: string; subscriptionId: string; charge: string; payment_intent: string };
  const renewIds = () => {
    ids = {
      invoiceId: freshId("in"),
      customerId: freshId("cus"),
      subscriptionId: freshId("sub"),
      charge: freshId("ch"),
      payment_intent: freshId("pi"),
    };
  };
  beforeEach(renewIds);

  /** Applies the events. @returns the status of each */
  const send = async (...events: TestEvent[]) => (await billing.apply(...events)).map(({ status }) => status as string);
  const older = (facts: object = {}) => ({
    ...olderInvoice({ hotelId: billing.hotel.hotelId, ...ids, periodEnd: inDays(40) }),
    charge: ids.charge,
    payment_intent: ids.payment_intent,
    ...facts,
  });
  const basil = () => basilInvoice({ hotelId: billing.hotel.hotelId, ...ids, periodEnd: inDays(40) });
  const invoicePayment = () =>
    eventAround("invoice_payment.paid", {
      id: freshId("inpay"),
      object: "invoice_payment",
      invoice: ids.invoiceId,
      payment: { type: "payment_intent", payment_intent: ids.payment_intent },
    });
  const refund = (status: string, facts: object = {}, type = "refund.created") =>
    eventAround(type, {
      id: `re_of_${ids.charge}`,
      object: "refund",
      amount: 24_900,
      currency: "eur",
      charge: ids.charge,
      payment_intent: ids.payment_intent,
      status,
      ...facts,
    });
  const dispute = (status: string, type: string, facts: object = {}) =>
    eventAround(`charge.dispute.${type}`, {
      id: `dp_of_${ids.charge}`,
      object: "dispute",
      amount: 24_900,
      currency: "eur",
      charge: ids.charge,
      payment_intent: ids.payment_intent,
      status,
      ...facts,
    });

  it("A refund waits for its invoice and reverses it when it arrives (older shape)", async () => {
    expect(await send(refund("succeeded"))).to.deep.equal(["waiting"]);
    expect(await send(eventAround("invoice.paid", older()))).to.deep.equal(["applied"]);
    const after = await billing.view();
    expect(after).to.include({ status: "trial", paid_until: null, valid_to: after.trial_ends_at });
    expect(after.invoices[0]).to.include({ invoice_id: ids.invoiceId, reversed: true });
    expect(after.invoices[0].reversals).to.deep.equal([
      { reversal_id: `re_of_${ids.charge}`, kind: "refund", status: "succeeded", amount: "249.00", currency: "EUR" },
    ]);
    const left = await billing.owner("billing.stripe_events").where({ status: "waiting" });
    expect(left).to.deep.equal([]);
  });

  it("A refund waits for the link to its invoice through a chain of events (basil shape)", async () => {
    // The refund names the charge, the charge its intent, and the invoice_payment the invoice. They arrive in the worst
    // order.
    const byCharge = refund("succeeded", { payment_intent: null });
    const charge = eventAround("charge.refunded", {
      id: ids.charge,
      object: "charge",
      currency: "eur",
      amount_refunded: 24_900,
      payment_intent: ids.payment_intent,
    });
    expect(await send(byCharge, charge, invoicePayment())).to.deep.equal(["waiting", "waiting", "waiting"]);
    await send(eventAround("invoice.payment_succeeded", basil()));
    const rows = await billing.owner("billing.stripe_events").where({ status: "waiting" });
    expect(rows).to.deep.equal([]);
    expect((await billing.view()).invoices[0]).to.include({ reversed: true });
  });

  it("A failed refund restores the invoice, also if the failure arrives first", async () => {
    await send(eventAround("invoice.paid", basil()), invoicePayment(), refund("succeeded"));
    expect(await billing.view()).to.include({ paid_until: null });
    await send(refund("failed", {}, "refund.failed"));
    expect(await billing.view()).to.include({ status: "active", paid_until: iso(inDays(40)) });
    await send(refund("succeeded", {}, "charge.refund.updated"));
    expect(await billing.view()).to.include({ paid_until: iso(inDays(40)) });
  });

  it("A partial refund reverses nothing, until the parts add up to the whole", async () => {
    await send(eventAround("invoice.paid", older()), refund("succeeded", { amount: 24_000 }));
    expect(await billing.view()).to.include({ paid_until: iso(inDays(40)) });
    await send(refund("succeeded", { id: freshId("re"), amount: 900 }));
    expect(await billing.view()).to.include({ paid_until: null });
  });

  it("A lost dispute reverses the invoice; an open or won dispute does not", async () => {
    await send(eventAround("invoice.paid", older()), dispute("needs_response", "created"));
    expect(await billing.view()).to.include({ paid_until: iso(inDays(40)) });
    await send(dispute("lost", "closed"));
    expect(await billing.view()).to.include({ paid_until: null });
    await send(dispute("won", "funds_reinstated"), dispute("under_review", "updated"));
    expect(await billing.view()).to.include({ paid_until: iso(inDays(40)) });
  });

  it("A lost dispute of a part keeps the invoice, until refunds return the rest", async () => {
    await send(eventAround("invoice.paid", older()), dispute("lost", "closed", { amount: 1_000 }));
    expect(await billing.view()).to.include({ status: "active", paid_until: iso(inDays(40)) });
    await send(refund("succeeded", { amount: 23_900 }));
    expect(await billing.view()).to.include({ paid_until: null });
    await send(dispute("won", "funds_reinstated", { amount: 1_000 }));
    expect(await billing.view()).to.include({ paid_until: iso(inDays(40)) });
  });

  it("After a reversal, the earlier invoice determines valid_to", async () => {
    const { lines } = olderInvoice({ periodEnd: inDays(33) });
    const first = { ...older({ charge: null, payment_intent: null, lines }), id: freshId("in") };
    await send(eventAround("invoice.paid", first), eventAround("invoice.paid", older()), refund("succeeded"));
    expect(await billing.view()).to.include({ paid_until: iso(inDays(33)), paid_by: first.id });
  });

  describe("a partial refund of a year whose subscription is canceled at once", () => {
    const ended = (days: number | null, status = "canceled") => ({
      ...eventAround("customer.subscription.deleted", {
        id: ids.subscriptionId,
        object: "subscription",
        status,
        customer: ids.customerId,
        ended_at: days === null ? null : inDays(days),
      }),
      created: startSeconds,
    });
    const paid = () => eventAround("invoice.paid", older());
    const part = (status = "succeeded") => refund(status, { amount: 20_000 });

    it("The hotel is entitled until the subscription's end, in every order of the events", async () => {
      for (const order of permutationsOf([0, 1, 2])) {
        billing.hotel = await billing.signUp();
        renewIds();
        const events = [paid(), part(), ended(12)];
        for (const index of order) await billing.apply(events[index] ?? expect.fail());
        const view = await billing.view();
        expect([view.paid_until, view.valid_to], order.join()).to.deep.equal([iso(inDays(12)), iso(inDays(15))]);
        expect(view.invoices[0]).to.include({ period_end: iso(inDays(40)), reversed: false });
      }
    });

    it("The hotel is entitled for the whole paid period without a refund or with an open subscription", async () => {
      await send(paid(), ended(12));
      expect((await billing.view()).paid_until, "no refund").to.equal(iso(inDays(40)));
      await send(part("pending"));
      expect((await billing.view()).paid_until, "refund still pending").to.equal(iso(inDays(40)));
      await send(part("succeeded"));
      expect((await billing.view()).paid_until).to.equal(iso(inDays(12)));
      await send(refund("failed", { amount: 20_000 }, "refund.failed"));
      expect((await billing.view()).paid_until, "refund failed").to.equal(iso(inDays(40)));
    });

    it("A lost dispute of a part counts like a partial refund, and never extends the paid period", async () => {
      await send(paid(), dispute("lost", "closed", { amount: 1000 }), ended(90));
      expect((await billing.view()).paid_until, "ended after the period").to.equal(iso(inDays(40)));
      await send({ ...ended(7), created: startSeconds + 1 });
      expect((await billing.view()).paid_until).to.equal(iso(inDays(7)));
    });

    it("A partial refund changes nothing while the subscription is active or its end is unknown", async () => {
      await send(paid(), part(), ended(12, "active"), ended(null));
      expect((await billing.view()).paid_until).to.equal(iso(inDays(40)));
    });
  });

  it("Another hotel's reversals do not count", async () => {
    await send(eventAround("invoice.paid", older()), refund("succeeded"));
    billing.hotel = await billing.signUp();
    expect((await billing.view()).invoices).to.deep.equal([]);
  });

  describe("the subscription's status", () => {
    const subscription = (status: string, created: number, facts: object = {}) => ({
      ...eventAround("customer.subscription.updated", {
        id: ids.subscriptionId,
        object: "subscription",
        customer: ids.customerId,
        status,
        metadata: { hotel_id: billing.hotel.hotelId },
        current_period_end: inDays(40),
        ...facts,
      }),
      created: startSeconds + created,
    });

    it("The latest event by Stripe's time counts, and an ended subscription remains ended", async () => {
      await send(subscription("active", 1), subscription("past_due", 3));
      await send(subscription("active", 2));
      expect((await billing.view()).subscriptions[0]).to.include({
        status: "past_due",
        current_period_end: iso(inDays(40)),
      });
      await send(subscription("canceled", 4), subscription("active", 5));
      expect((await billing.view()).subscriptions[0]).to.include({ status: "canceled" });
    });

    it("A hotel with a failed payment is past due and entitled until the invoice is paid", async () => {
      const open = older({ status: "open", paid: false, amount_paid: 0, amount_remaining: 24_900 });
      const failed = {
        ...open,
        hosted_invoice_url: "https://invoice.stripe.example/1",
        next_payment_attempt: inDays(3),
      };
      await send(eventAround("invoice.payment_failed", failed));
      const warned = await billing.view();
      expect(warned).to.include({ status: "past_due", subscription_valid: true });
      expect(warned.unpaid_invoices).to.deep.equal([
        {
          invoice_id: ids.invoiceId,
          subscription_id: ids.subscriptionId,
          state: "failed",
          amount_due: "249.00",
          currency: "EUR",
          pay_url: "https://invoice.stripe.example/1",
          next_attempt_at: iso(inDays(3)),
        },
      ]);
      await send(eventAround("invoice.paid", older()));
      expect(await billing.view()).to.include({ status: "active" });
      expect((await billing.view()).unpaid_invoices).to.deep.equal([]);
    });

    it("A void invoice does not make the hotel past due", async () => {
      const open = older({ status: "open", paid: false });
      await send(
        eventAround("invoice.voided", { ...open, status: "void" }),
        eventAround("invoice.payment_failed", open),
      );
      expect(await billing.view()).to.include({ status: "trial" });
    });

    it("A hotel without coverage is lapsed, whatever Stripe's status", async () => {
      await billing
        .owner("identity.hotels")
        .where({ hotel_id: billing.hotel.hotelId })
        .update({ trial_ends_at: "2020-01-01" });
      await send(eventAround("invoice.paid", older()), refund("succeeded"), subscription("active", 1));
      expect(await billing.view()).to.include({ status: "lapsed", subscription_valid: false });
    });

    it("A checkout session links its customer and subscription to the hotel for all later events", async () => {
      const nameless = olderInvoice({ ...ids, periodEnd: inDays(50) });
      expect(await send(eventAround("invoice.paid", nameless))).to.deep.equal(["waiting"]);
      const session = {
        id: freshId("cs"),
        object: "checkout.session",
        mode: "subscription",
        client_reference_id: billing.hotel.hotelId,
        customer: ids.customerId,
        subscription: ids.subscriptionId,
      };
      await send(eventAround("checkout.session.completed", session));
      expect(await billing.view()).to.include({ status: "active", paid_until: iso(inDays(50)) });
    });
  });
});
