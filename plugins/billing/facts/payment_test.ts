import { expect } from "chai";
import { ZodError } from "zod";

import { readCharge, readDispute, readInvoicePayment, readRefund } from "./payment.ts";
import { readInvoice } from "./invoice.ts";
import { readCheckoutSession, readSubscriptionObject } from "./subscription.ts";
import { describeWithObjects, fileAsEvent, olderInvoice } from "../testing/deliveries.ts";

const hotelId = "0199f3a0-7c1e-7b2a-9c53-2f4a6c8e0b1d";
const link = (payment_id: string, linked_id: string, to_invoice = true) => ({ payment_id, linked_id, to_invoice });

describe("links of a payment to its invoice", () => {
  it("The older shape links the invoice's charge and intent, by id or expanded", () => {
    const invoice = { ...olderInvoice({ invoiceId: "in_1", periodEnd: 1_790_000_000 }), payment_intent: "pi_1" };
    const links = [link("ch_1", "in_1"), link("pi_1", "in_1"), link("ch_1", "pi_1", false)];
    expect(readInvoice({ ...invoice, charge: "ch_1" }).links).to.deep.equal(links);
    expect(readInvoice({ ...invoice, charge: { id: "ch_1", object: "charge" } }).links).to.deep.equal(links);
    expect(readInvoice({ ...invoice, charge: null, payment_intent: null }).links).to.deep.equal([]);
  });

  it("The basil shape links the invoice's expanded payments and the invoice_payment object", () => {
    const payment = { type: "payment_intent", payment_intent: "pi_1" };
    const invoice = olderInvoice({ invoiceId: "in_1", periodEnd: 1_790_000_000 });
    expect(readInvoice({ ...invoice, payments: { data: [{ payment }] } }).links).to.deep.equal([link("pi_1", "in_1")]);
    expect(readInvoicePayment({ id: "inpay_1", invoice: "in_1", payment }).links).to.deep.equal([link("pi_1", "in_1")]);
    expect(
      readInvoicePayment({ id: "inpay_1", invoice: "in_1", payment: { type: "charge", charge: "ch_1" } }).links,
    ).to.deep.equal([link("ch_1", "in_1")]);
  });

  it("The older shape links the charge's own invoice", () => {
    const charge = { id: "ch_1", object: "charge", currency: "eur", payment_intent: null, invoice: "in_1" };
    expect(readCharge(charge)).to.deep.equal({
      links: [link("ch_1", "in_1")],
      payment_ids: ["ch_1", "in_1"],
      charge_ids: ["ch_1"],
      intent_ids: [],
      reversals: [],
    });
  });
});

describe("reversals of a payment", () => {
  const refund = { id: "re_1", amount: 4_900, currency: "jpy", charge: "ch_1", payment_intent: "pi_1" };

  it("A refund ranks by its progress", () => {
    const facts = readRefund({ ...refund, status: "succeeded" });
    expect(facts.payment_ids).to.deep.equal(["ch_1", "pi_1"]);
    expect(facts.links).to.deep.equal([link("ch_1", "pi_1", false)]);
    expect(facts.reversals[0]).to.include({ reversal_id: "re_1", kind: "refund", status: "succeeded", amount: "4900" });
    const rank = (status: string) => readRefund({ ...refund, status }).reversals[0]?.rank ?? NaN;
    expect(rank("pending")).to.be.lessThan(rank("succeeded"));
    expect(rank("succeeded")).to.be.lessThan(rank("failed"));
    expect(rank("a state of next year")).to.be.lessThan(rank("requires_action"));
  });

  it("A won dispute ranks above a lost one", () => {
    const rank = (status: string) => readDispute({ ...refund, id: "dp_1", status }).reversals[0]?.rank ?? NaN;
    expect(rank("warning_closed")).to.be.lessThan(rank("needs_response"));
    expect(rank("under_review")).to.be.lessThan(rank("lost"));
    expect(rank("lost")).to.be.lessThan(rank("won"));
  });

  it("A charge gives its list of refunds and their sum, and newer versions give only the sum", () => {
    const charge = { id: "ch_1", currency: "eur", payment_intent: "pi_1", amount_refunded: 500 };
    const sum = { reversal_id: "ch_1", kind: "charge_sum", amount: "5.00", rank: 500 };
    expect(readCharge(charge).reversals).to.have.length(1);
    expect(readCharge(charge).reversals[0]).to.include(sum);
    const listed = readCharge({ ...charge, refunds: { data: [{ ...refund, currency: "eur", amount: 500 }] } });
    expect(listed.reversals.map(({ reversal_id }) => reversal_id)).to.deep.equal(["ch_1", "re_1"]);
  });

  it("An object of another kind throws", () => {
    expect(() => readRefund({ id: "re_1", amount: -1, currency: "eur" })).to.throw(ZodError);
    expect(() => readDispute(null)).to.throw(ZodError);
    expect(() => readCharge({ object: "charge" })).to.throw(ZodError);
  });
});

describe("reading a subscription", () => {
  it("The older shape and the basil shape give the same facts", () => {
    const common = { id: "sub_1", status: "active", customer: "cus_1", metadata: { hotel_id: hotelId } };
    const older = readSubscriptionObject({ ...common, current_period_end: 1_790_000_000, cancel_at_period_end: true });
    const items = { data: [{ current_period_end: 1_780_000_000 }, { current_period_end: 1_790_000_000 }] };
    expect(readSubscriptionObject({ ...common, items, cancel_at: 1_790_000_000 })).to.deep.equal(older);
    expect(older).to.deep.equal({
      owner: { named_hotel_id: hotelId, customer_id: "cus_1", subscription_id: "sub_1" },
      fact: {
        status: "active",
        ended: false,
        ended_at: undefined,
        current_period_end: new Date(1_790_000_000_000),
        cancel_at: new Date(1_790_000_000_000),
        rank: 2,
      },
    });
  });

  it("A checkout links the subscription by the hotel in its metadata or its reference", () => {
    const session = {
      id: "cs_1",
      created: 1_790_000_000,
      mode: "subscription",
      customer: "cus_1",
      subscription: "sub_1",
    };
    const named_at = new Date(1_790_000_000_000);
    const owner = { named_hotel_id: hotelId, named_at, customer_id: "cus_1", subscription_id: "sub_1" };
    expect(readCheckoutSession({ ...session, client_reference_id: hotelId.toUpperCase() })).to.deep.equal(owner);
    expect(
      readCheckoutSession({ ...session, metadata: { hotel_id: hotelId }, client_reference_id: "7" }),
    ).to.deep.equal(owner);
    expect(readCheckoutSession({ ...session, subscription: null, mode: "payment" })).to.equal(undefined);
  });
});

describeWithObjects("Stripe's real payments and subscriptions", () => {
  const object = (file: string) => fileAsEvent(file, "charge.updated").data.object;

  it("Objects of every API version are readable", () => {
    const refunded = readCharge(object("stripe-ruby-mock/charge.refunded.json"));
    expect(refunded.reversals.map(({ kind, status, amount }) => [kind, status, amount])).to.deep.equal([
      ["charge_sum", "told", "1.00"],
      ["refund", "succeeded", "1.00"],
    ]);
    expect(readDispute(object("stripe-ruby-mock/charge.dispute.closed.json")).reversals[0]).to.include({
      reversal_id: "dispute_of_ch_00000000000000",
      status: "won",
    });
    expect(readInvoicePayment(object("pay/invoice.updated.json")).links).to.deep.equal([
      link("pi_3T4AIlGWAy8Dppqh3Vsl9Pya", "in_1T4AIkGWAy8DppqhJAdbjaWb"),
    ]);
    const older = readSubscriptionObject(object("stripe-ruby-mock/customer.subscription.deleted.json"));
    expect(older.fact).to.deep.include({
      status: "canceled",
      ended: true,
      current_period_end: new Date(1_650_998_496_000),
    });
    const basil = readSubscriptionObject(object("openapi-fixtures3/OBJECT.subscription.json"));
    expect(basil.fact).to.deep.include({ status: "active", current_period_end: new Date(976_287_773_000) });
  });
});
