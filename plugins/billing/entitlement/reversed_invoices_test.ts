import { expect } from "chai";

import type { PaymentLink } from "../facts/event_facts.ts";
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
const isReversed = (reversals: Reversal[], links = [ofIntent], paid = invoice) =>
  reversedInvoices([paid], links, reversals).get(paid.invoice_id)?.isReversed ?? false;

describe("reversed invoices", () => {
  it("An invoice is reversed when its succeeded refunds reach the paid amount, and not before", () => {
    expect(isReversed([reversal({})])).to.equal(true);
    const half = reversal({ amount: "124.50" });
    expect(isReversed([half])).to.equal(false);
    expect(isReversed([half, reversal({ reversal_id: "re_2", amount: "124.50" })])).to.equal(true);
    expect(isReversed([half, reversal({ reversal_id: "re_2", amount: "124.49" })])).to.equal(false);
    for (const status of ["pending", "requires_action", "failed", "canceled"])
      expect(isReversed([reversal({ status })]), status).to.equal(false);
  });

  const dispute = (facts: Partial<Reversal>) =>
    reversal({ reversal_id: "dp_1", kind: "dispute", status: "lost", ...facts });

  it("An invoice is reversed when a dispute of the whole amount is lost, and not while it is open or won", () => {
    expect(isReversed([dispute({})])).to.equal(true);
    for (const status of ["needs_response", "under_review", "won", "warning_closed"])
      expect(isReversed([dispute({ status })]), status).to.equal(false);
  });

  it("An invoice is reversed when lost disputes and succeeded refunds together reach the paid amount", () => {
    const small = dispute({ amount: "10.00" });
    expect(isReversed([small])).to.equal(false);
    expect(isReversed([small, reversal({ amount: "239.00" })])).to.equal(true);
    expect(isReversed([small, reversal({ amount: "238.99" })])).to.equal(false);
    expect(isReversed([small, reversal({ amount: "239.00", status: "pending" })])).to.equal(false);
    expect(isReversed([small, dispute({ reversal_id: "dp_2", amount: "239.00" })])).to.equal(true);
    expect(isReversed([small, dispute({ reversal_id: "dp_2", amount: "239.00", status: "won" })])).to.equal(false);
    const sum = reversal({ reversal_id: "ch_1", kind: "charge_sum", status: "told", amount: "239.00" });
    expect(isReversed([small, sum]), "a charge's sum includes no disputes").to.equal(true);
    expect(isReversed([dispute({ amount: "239.00" }), { ...sum, amount: "9.99" }])).to.equal(false);
  });

  it("An invoice is reversed when a dispute in another currency is lost, because its amount can't be compared", () => {
    expect(isReversed([dispute({ amount: "10.00", currency: "USD" })])).to.equal(true);
    expect(isReversed([dispute({ amount: "10.00", currency: "USD", status: "won" })])).to.equal(false);
  });

  it("A reversal finds its invoice by the charge, by the intent, and by a link between the two", () => {
    expect(isReversed([reversal({ charge_id: null })])).to.equal(true);
    expect(isReversed([reversal({ payment_intent_id: null })])).to.equal(false);
    expect(isReversed([reversal({ payment_intent_id: null })], [ofIntent, ofCharge])).to.equal(true);
    const chargeOnly = { ...ofIntent, payment_id: "ch_1" };
    expect(isReversed([reversal({ charge_id: null })], [chargeOnly, ofCharge])).to.equal(true);
    expect(isReversed([reversal({ charge_id: "ch_2", payment_intent_id: "pi_2" })], [ofIntent, ofCharge])).to.equal(
      false,
    );
  });

  it("The part of a charge's sum that no refund explains counts as refunded", () => {
    const sum = reversal({ reversal_id: "ch_1", kind: "charge_sum", status: "told" });
    expect(isReversed([sum])).to.equal(true);
    expect(isReversed([sum, reversal({})]), "the sum does not count in addition").to.equal(true);
    expect(isReversed([sum, reversal({ status: "failed" })]), "the refund in the sum has failed").to.equal(false);
    const half = reversal({ amount: "124.50" });
    expect(isReversed([sum, half]), "only the charge shows the other half").to.equal(true);
    expect(isReversed([sum, { ...half, status: "pending" }])).to.equal(false);
  });

  it("The refunds of several payments of one invoice add up", () => {
    const links = [ofIntent, { payment_id: "pi_2", linked_id: "in_1", to_invoice: true }];
    const first = reversal({ amount: "100.00" });
    const second = reversal({ reversal_id: "re_2", charge_id: null, payment_intent_id: "pi_2", amount: "149.00" });
    expect(isReversed([first, second], links)).to.equal(true);
    expect(isReversed([first], links)).to.equal(false);
  });

  it("An invoice is not reversed if nothing was paid, or the refund is in another currency", () => {
    expect(isReversed([reversal({ amount: "0.00" })], [ofIntent], { ...invoice, amount_paid: "0.00" })).to.equal(false);
    expect(isReversed([reversal({ currency: "USD" })])).to.equal(false);
  });

  it("Thousands of invoices and one refund take one pass and no nested loop", () => {
    const count = 2_000;
    const numbers = Array.from({ length: count }, (_, at) => at);
    const invoices = numbers.map((at) => ({ ...invoice, invoice_id: `in_${at}` }));
    let reads = 0;
    const counted = (link: PaymentLink): PaymentLink => ({
      ...link,
      get payment_id() {
        reads += 1;
        return link.payment_id;
      },
    });
    const links = numbers
      .flatMap((at) => [
        { payment_id: `pi_${at}`, linked_id: `in_${at}`, to_invoice: true },
        { payment_id: `ch_${at}`, linked_id: `pi_${at}`, to_invoice: false },
      ])
      .map(counted);
    const found = reversedInvoices(invoices, links, [reversal({ charge_id: "ch_7", payment_intent_id: null })]);
    expect([...found].map(([id, { isReversed }]) => [id, isReversed])).to.deep.equal([["in_7", true]]);
    // A nested loop reads each link once per invoice.
    expect(reads).to.be.within(links.length, 4 * links.length);
  });
});
