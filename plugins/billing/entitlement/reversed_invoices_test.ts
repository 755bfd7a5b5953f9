import { expect } from "chai";

import { reversedInvoices } from "./reversed_invoices.ts";

type Reversal = Parameters<typeof reversedInvoices>[2][number];

const invoice = { invoice_id: "in_1", amount_paid: "249.00", currency: "EUR" };
const ofIntent = { payment_id: "pi_1", linked_id: "in_1", to_invoice: true };
const ofCharge = { payment_id: "ch_1", linked_id: "pi_1", to_invoice: false };
const reversal = (facts: Partial<Reversal>): Reversal => ({
  reversal_id: "re_1",
  kind: "refund",
  status: "succeeded",
  amount: "249.00",
  currency: "EUR",
  charge_id: "ch_1",
  payment_intent_id: "pi_1",
  ...facts,
});
const isOut = (reversals: Reversal[], links = [ofIntent], paid = invoice) =>
  reversedInvoices([paid], links, reversals).get(paid.invoice_id)?.isOut ?? false;

describe("an invoice whose money went back", () => {
  it("is out when its succeeded refunds add up to what was paid, and not before", () => {
    expect(isOut([reversal({})])).to.equal(true);
    const half = reversal({ amount: "124.50" });
    expect(isOut([half])).to.equal(false);
    expect(isOut([half, reversal({ reversal_id: "re_2", amount: "124.50" })])).to.equal(true);
    expect(isOut([half, reversal({ reversal_id: "re_2", amount: "124.49" })])).to.equal(false);
    for (const status of ["pending", "requires_action", "failed", "canceled"])
      expect(isOut([reversal({ status })]), status).to.equal(false);
  });

  const dispute = (facts: Partial<Reversal>) =>
    reversal({ reversal_id: "dp_1", kind: "dispute", status: "lost", ...facts });

  it("is out when a dispute of all of it is lost, and not while a dispute is open or won", () => {
    expect(isOut([dispute({})])).to.equal(true);
    for (const status of ["needs_response", "under_review", "won", "warning_closed"])
      expect(isOut([dispute({ status })]), status).to.equal(false);
  });

  it("is out when lost disputes and succeeded refunds together reach what was paid, and not before", () => {
    const small = dispute({ amount: "10.00" });
    expect(isOut([small])).to.equal(false);
    expect(isOut([small, reversal({ amount: "239.00" })])).to.equal(true);
    expect(isOut([small, reversal({ amount: "238.99" })])).to.equal(false);
    expect(isOut([small, reversal({ amount: "239.00", status: "pending" })])).to.equal(false);
    expect(isOut([small, dispute({ reversal_id: "dp_2", amount: "239.00" })])).to.equal(true);
    expect(isOut([small, dispute({ reversal_id: "dp_2", amount: "239.00", status: "won" })])).to.equal(false);
    const sum = reversal({ reversal_id: "ch_1", kind: "charge_sum", status: "told", amount: "239.00" });
    expect(isOut([small, sum]), "a charge's sum holds no disputes").to.equal(true);
    expect(isOut([dispute({ amount: "239.00" }), { ...sum, amount: "9.99" }])).to.equal(false);
  });

  it("is out when a dispute in another currency is lost: its amount can't be compared", () => {
    expect(isOut([dispute({ amount: "10.00", currency: "USD" })])).to.equal(true);
    expect(isOut([dispute({ amount: "10.00", currency: "USD", status: "won" })])).to.equal(false);
  });

  it("is found by the charge, by the intent, and by a link between the two", () => {
    expect(isOut([reversal({ charge_id: null })])).to.equal(true);
    expect(isOut([reversal({ payment_intent_id: null })])).to.equal(false);
    expect(isOut([reversal({ payment_intent_id: null })], [ofIntent, ofCharge])).to.equal(true);
    const chargeOnly = { ...ofIntent, payment_id: "ch_1" };
    expect(isOut([reversal({ charge_id: null })], [chargeOnly, ofCharge])).to.equal(true);
    expect(isOut([reversal({ charge_id: "ch_2", payment_intent_id: "pi_2" })], [ofIntent, ofCharge])).to.equal(false);
  });

  it("counts what a charge says was refunded as far as no refund explains it", () => {
    const sum = reversal({ reversal_id: "ch_1", kind: "charge_sum", status: "told" });
    expect(isOut([sum])).to.equal(true);
    expect(isOut([sum, reversal({})]), "the sum is not counted on top").to.equal(true);
    expect(isOut([sum, reversal({ status: "failed" })]), "the refund that it meant has failed").to.equal(false);
    const half = reversal({ amount: "124.50" });
    expect(isOut([sum, half]), "the other half is told by the charge alone").to.equal(true);
    expect(isOut([sum, { ...half, status: "pending" }])).to.equal(false);
  });

  it("adds up over several payments, each with its refunds", () => {
    const links = [ofIntent, { payment_id: "pi_2", linked_id: "in_1", to_invoice: true }];
    const first = reversal({ amount: "100.00" });
    const second = reversal({ reversal_id: "re_2", charge_id: null, payment_intent_id: "pi_2", amount: "149.00" });
    expect(isOut([first, second], links)).to.equal(true);
    expect(isOut([first], links)).to.equal(false);
  });

  it("is not out where nothing was paid, or the money is of another currency", () => {
    expect(isOut([reversal({ amount: "0.00" })], [ofIntent], { ...invoice, amount_paid: "0.00" })).to.equal(false);
    expect(isOut([reversal({ currency: "USD" })])).to.equal(false);
  });

  it("is found in one pass: thousands of invoices and one refund are no product of the two", () => {
    const count = 20_000;
    const numbers = Array.from({ length: count }, (_, at) => at);
    const invoices = numbers.map((at) => ({ ...invoice, invoice_id: `in_${at}` }));
    const links = numbers.flatMap((at) => [
      { payment_id: `pi_${at}`, linked_id: `in_${at}`, to_invoice: true },
      { payment_id: `ch_${at}`, linked_id: `pi_${at}`, to_invoice: false },
    ]);
    const start = performance.now();
    const found = reversedInvoices(invoices, links, [reversal({ charge_id: "ch_7", payment_intent_id: null })]);
    expect([...found].map(([id, { isOut }]) => [id, isOut])).to.deep.equal([["in_7", true]]);
    // Each with each takes more than ten seconds.
    expect(performance.now() - start).to.be.lessThan(2_000);
  });
});
