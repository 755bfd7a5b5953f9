import { expect } from "chai";
import { ZodError } from "zod";

import { readInvoice } from "./invoice.ts";
import { amountOf } from "./stripe_amount.ts";
import { basilInvoice, describeWithObjects, fileAsEvent, olderInvoice } from "../testing/deliveries.ts";

const facts = {
  hotelId: "0199f3a0-7c1e-7b2a-9c53-2f4a6c8e0b1d",
  invoiceId: "in_1",
  customerId: "cus_1",
  subscriptionId: "sub_1",
  periodEnd: 1_790_000_000,
};

describe("reading an invoice", () => {
  it("The older shape and the basil shape give the same facts", () => {
    const older = readInvoice(olderInvoice(facts));
    expect(older).to.deep.equal(readInvoice(basilInvoice(facts)));
    expect(older).to.deep.equal({
      invoice_id: "in_1",
      named_hotel_id: facts.hotelId,
      named_at: undefined,
      customer_id: "cus_1",
      subscription_id: "sub_1",
      status: "paid",
      complete: true,
      links: [],
      period: { start: new Date((1_790_000_000 - 30 * 86_400) * 1000), end: new Date(1_790_000_000_000) },
      amount_paid: "249.00",
      currency: "EUR",
      amount_due: "0.00",
      paid_at: new Date(1_700_000_000_000),
      pay_url: undefined,
      next_attempt_at: undefined,
    });
  });

  it("A line's metadata names the hotel if the invoice's own metadata does not", () => {
    const invoice = olderInvoice(facts);
    expect(readInvoice({ ...invoice, subscription_details: undefined }).named_hotel_id).to.equal(facts.hotelId);
    const bare = { ...invoice, subscription_details: { metadata: { hotel_id: "room 12" } }, lines: { data: [] } };
    expect(readInvoice(bare).named_hotel_id).to.equal(undefined);
  });

  it("An invoice with only prorations or items pays for no period", () => {
    const invoice = basilInvoice(facts) as { lines: { data: unknown[] } };
    invoice.lines.data.shift();
    expect(readInvoice(invoice).period).to.equal(undefined);
  });

  it("An invoice with more lines than its payload is incomplete", () => {
    expect(readInvoice({ ...olderInvoice(facts), lines: { data: [], has_more: true } }).complete).to.equal(false);
    expect(readInvoice({ ...olderInvoice(facts), lines: undefined }).complete).to.equal(false);
  });

  it("An object that is not an invoice throws", () => {
    expect(() => readInvoice({ object: "charge", id: "ch_1" })).to.throw(ZodError);
    expect(() => readInvoice({ ...olderInvoice(facts), amount_paid: 12.5 })).to.throw(ZodError);
  });

  it("Amounts have Stripe's number of decimals", () => {
    expect(amountOf(5, "EUR")).to.equal("0.05");
    expect(amountOf(9000, "JPY")).to.equal("9000");
    expect(amountOf(1_234, "KWD")).to.equal("1.234");
    expect(amountOf(0, "USD")).to.equal("0.00");
  });
});

describeWithObjects("Stripe's real invoices", () => {
  const read = (file: string) => readInvoice(fileAsEvent(file, "invoice.paid").data.object);

  it("Invoices of every API version are readable", () => {
    const older = read("dj-stripe/invoice_in_fakefakefakefakefake0004.json");
    expect(older).to.include({ subscription_id: "sub_fakefakefakefakefake0002", status: "paid", complete: true });
    expect(older.period?.end).to.deep.equal(new Date(1_595_817_984_000));
    const between = read("pay/invoice.payment_action_required.json");
    expect(between).to.include({ subscription_id: "sub_1234", status: "other" });
    expect(between.period?.end).to.deep.equal(new Date(1_745_170_115_000));
    const basil = read("pay/invoice.payment_failed.json");
    expect(basil).to.include({ subscription_id: "sub_1234", customer_id: "cus_1234", status: "other" });
    expect(basil.period?.end).to.deep.equal(new Date(1_776_969_906_000));
  });

  it("Invoices without a subscription are recognized", () => {
    expect(read("pay/invoice.json")).to.include({ subscription_id: undefined, status: "paid", amount_paid: "245.12" });
    expect(read("stripe-ruby-mock/invoice.payment_succeeded.json").subscription_id).to.equal(undefined);
  });
});
