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

describe("A reversed invoice", () => {
  it("Succeeded refunds reverse an invoice once they reach the paid amount", () => {
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

  it("A lost dispute of the whole amount reverses it; an open or won dispute does not", () => {
    expect(isOut([dispute({})])).to.equal(true);
    for (const status of ["needs_response", "under_review", "won", "warning_closed"])
      expect(isOut([dispute({ status })]), status).to.equal(false);
  });

  it("Lost disputes and succeeded refunds reverse it once their sum reaches the paid amount", () => {
    const small = dispute({ amount: "10.00" });
    expect(isOut([small])).to.equal(false);
    expect(isOut([small, reversal({ amount: "239.00" })])).to.equal(true);
    expect(isOut([small, reversal({ amount: "238.99" })])).to.equal(false);
    expect(isOut([small, reversal({ amount: "239.00", status: "pending" })])).to.equal(false);
    expect(isOut([small, dispute({ reversal_id: "dp_2", amount: "239.00" })])).to.equal(true);
    expect(isOut([small, dispute({ reversal_id: "dp_2", amount: "239.00", status: "won" })])).to.equal(false);
    const sum = reversal({ reversal_id: "ch_1", kind: "charge_sum", status: "told", amount: "239.00" });
    expect(isOut([small, sum]), "a charge's sum contains no disputes").to.equal(true);
    expect(isOut([dispute({ amount: "239.00" }), { ...sum, amount: "9.99" }])).to.equal(false);
  });

  it("A lost dispute in another currency reverses it, because its amount can't be compared", () => {
    expect(isOut([dispute({ amount: "10.00", currency: "USD" })])).to.equal(true);
    expect(isOut([dispute({ amount: "10.00", currency: "USD", status: "won" })])).to.equal(false);
  });

  it("The invoice is found by the charge, by the intent, and by a link between the two", () => {
    expect(isOut([reversal({ charge_id: null })])).to.equal(true);
    expect(isOut([reversal({ payment_intent_id: null })])).to.equal(false);
    expect(isOut([reversal({ payment_intent_id: null })], [ofIntent, ofCharge])).to.equal(true);
    const chargeOnly = { ...ofIntent, payment_id: "ch_1" };
    expect(isOut([reversal({ charge_id: null })], [chargeOnly, ofCharge])).to.equal(true);
    expect(isOut([reversal({ charge_id: "ch_2", payment_intent_id: "pi_2" })], [ofIntent, ofCharge])).to.equal(false);
  });

  it("The refunded amount of a charge counts as far as no refund explains it", () => {
    const sum = reversal({ reversal_id: "ch_1", kind: "charge_sum", status: "told" });
    expect(isOut([sum])).to.equal(true);
    expect(isOut([sum, reversal({})]), "the charge's sum is not added to its refunds").to.equal(true);
    expect(isOut([sum, reversal({ status: "failed" })]), "the refund in the charge's sum has failed").to.equal(false);
    const half = reversal({ amount: "124.50" });
    expect(isOut([sum, half]), "only the charge reports the other half").to.equal(true);
    expect(isOut([sum, { ...half, status: "pending" }])).to.equal(false);
  });

  it("Several payments are added up, each with its refunds", () => {
    const links = [ofIntent, { payment_id: "pi_2", linked_id: "in_1", to_invoice: true }];
    const first = reversal({ amount: "100.00" });
    const second = reversal({ reversal_id: "re_2", charge_id: null, payment_intent_id: "pi_2", amount: "149.00" });
    expect(isOut([first, second], links)).to.equal(true);
    expect(isOut([first], links)).to.equal(false);
  });

  it("An unpaid invoice, or a refund in another currency, reverses nothing", () => {
    expect(isOut([reversal({ amount: "0.00" })], [ofIntent], { ...invoice, amount_paid: "0.00" })).to.equal(false);
    expect(isOut([reversal({ currency: "USD" })])).to.equal(false);
  });

  it("Thousands of invoices and one refund take one pass", () => {
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
    // Comparing each invoice with each payment takes more than ten seconds.
    expect(performance.now() - start).to.be.lessThan(2_000);
  });
});
