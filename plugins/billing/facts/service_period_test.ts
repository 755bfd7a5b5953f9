import { expect } from "chai";

import { readInvoice } from "./invoice.ts";
import { basilInvoice, olderInvoice } from "../testing/deliveries.ts";

const day = 86_400;
const start = 1_790_000_000;

interface Line {
  readonly days: number;
  readonly from?: number;
  readonly price?: string;
  readonly amount?: number;
  readonly proration?: boolean;
}

/** An invoice with these lines of its subscription, in each of the two shapes. */
const invoices = {
  older: (lines: readonly Line[]) => ({
    ...olderInvoice({ periodEnd: start }),
    lines: {
      has_more: false,
      data: lines.map(({ days, from = 0, price = "price_1", amount = 4900, proration = false }) => ({
        type: "subscription",
        proration,
        amount,
        price: { id: price, object: "price" },
        period: { start: start + from * day, end: start + (from + days) * day },
      })),
    },
  }),
  basil: (lines: readonly Line[]) => ({
    ...basilInvoice({ periodEnd: start }),
    lines: {
      has_more: false,
      data: lines.map(({ days, from = 0, price = "price_1", amount = 4900, proration = false }) => ({
        amount,
        pricing: { type: "price_details", price_details: { price, product: "prod_1" } },
        parent: { type: "subscription_item_details", subscription_item_details: { proration } },
        period: { start: start + from * day, end: start + (from + days) * day },
      })),
    },
  }),
};

for (const [shape, make] of Object.entries(invoices))
  describe(`the period that an invoice pays for (${shape} shape)`, () => {
    /** Days from the start. */
    const endOf = (lines: readonly Line[], soldPrice?: string) => {
      const { period } = readInvoice(make(lines), soldPrice);
      return period && (period.end.getTime() / 1000 - start) / day;
    };
    const addOn = { days: 365, price: "price_of_parking" };

    it("The plan's month counts, and not an add-on's year, with or without STRIPE_PRICE_ID", () => {
      for (const lines of [
        [{ days: 30 }, addOn],
        [addOn, { days: 30 }],
      ]) {
        expect(endOf(lines)).to.equal(30);
        expect(endOf(lines, "price_1")).to.equal(30);
      }
    });

    it("The plan's year counts if the plan is the sold price and an add-on is paid by the month", () => {
      expect(endOf([{ days: 365 }, { days: 30, price: "price_of_parking" }], "price_1")).to.equal(365);
      expect(endOf([{ days: 365 }, { days: 30, price: "price_of_parking" }])).to.equal(30);
    });

    it("The existing lines count if none has the sold price", () => {
      expect(endOf([{ days: 30 }, addOn], "price_2")).to.equal(30);
    });

    it("The last of several months that are paid at once counts, whatever their lengths", () => {
      expect(endOf([{ days: 31 }, { days: 28, from: 31 }, addOn])).to.equal(59);
      expect(endOf([{ days: 28 }, { days: 31, from: 28 }])).to.equal(59);
    });

    it("A line with a duration counts before a line without one", () => {
      expect(endOf([{ days: 30 }, { days: 0 }])).to.equal(30);
    });

    it("A proration with a positive amount counts if nothing else pays", () => {
      const resumed = { days: 20, amount: 20_000, proration: true };
      expect(endOf([resumed])).to.equal(20);
      expect(endOf([{ ...resumed, amount: -20_000 }])).to.equal(undefined);
      expect(endOf([{ ...resumed, amount: 0 }])).to.equal(undefined);
      expect(endOf([{ ...resumed, amount: -100, days: 40 }, resumed])).to.equal(20);
    });

    it("The sold price's proration counts among several, else the one that ends first", () => {
      const left = { days: 20, proration: true };
      const ofAddOn = { ...addOn, proration: true };
      expect(endOf([left, ofAddOn], "price_1")).to.equal(20);
      expect(endOf([ofAddOn, left])).to.equal(20);
    });

    it("A proration does not count if a line pays for a whole interval", () => {
      expect(endOf([{ days: 30 }, { days: 60, proration: true }])).to.equal(30);
      expect(endOf([addOn, { days: 400, proration: true }])).to.equal(365);
    });
  });
