import { expect } from "chai";
import * as fc from "fast-check";

import { columnOf, columnWidth, overlaps, placeBar, visibleRange } from "./geometry.ts";

const dayOf = (offset: number): string => new Date(Date.UTC(2026, 10, 27 + offset)).toISOString().slice(0, 10);
const first = dayOf(0);
const span = fc
  .tuple(fc.integer({ min: -40, max: 100 }), fc.integer({ min: 1, max: 40 }))
  .map(([from, nights]) => ({ from: dayOf(from), to: dayOf(from + nights) }));

describe("The geometry of the tape chart", () => {
  it("Places a stay from 55% of its arrival's cell to 45% of its departure's", () => {
    const bar = placeBar({ from: dayOf(2), to: dayOf(5) }, { first, days: 30, columnPx: 100 });
    expect(bar).to.include({ firstColumn: 2, columns: 4, isCutBefore: false, isCutAfter: false });
    expect(bar?.start).to.be.closeTo(255, 1e-9);
    expect(bar?.width).to.be.closeTo(290, 1e-9);
  });

  it("Keeps each bar inside the chart, and hides a stay that has ended before its first day", () => {
    fc.assert(
      fc.property(span, fc.integer({ min: 1, max: 92 }), fc.integer({ min: 20, max: 120 }), (stay, days, px) => {
        const bar = placeBar(stay, { first, days, columnPx: px });
        const isSeen = columnOf(stay.to, first) >= 0 && columnOf(stay.from, first) < days;
        expect(bar !== undefined).to.equal(isSeen);
        if (bar === undefined) return;
        expect(bar.start).to.be.at.least(0);
        expect(bar.width).to.be.above(0);
        expect(bar.start + bar.width).to.be.at.most(days * px + 1e-6);
        expect(bar.firstColumn + bar.columns).to.be.at.most(days);
      }),
    );
  });

  it("Never lets the bars of two stays without a common night overlap", () => {
    fc.assert(
      fc.property(span, span, (one, other) => {
        fc.pre(!overlaps(one, other));
        const [a, b] = [one, other].map((stay) => placeBar(stay, { first, days: 60, columnPx: 44 }));
        if (a === undefined || b === undefined) return;
        expect(a.start + a.width <= b.start || b.start + b.width <= a.start).to.equal(true);
      }),
    );
  });

  it("Draws all rows in sight, and a bounded number of others", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 70_000 }),
        fc.integer({ min: 0, max: 1_200 }),
        fc.integer({ min: 0, max: 2_000 }),
        (top, height, rows) => {
          const [from, end] = visibleRange({ offset: top, length: height }, 30, rows, 6);
          expect(from).to.be.within(0, rows);
          expect(end).to.be.within(from, rows);
          expect(end - from).to.be.at.most(Math.ceil(height / 30) + 13);
          for (let row = Math.floor(top / 30); row < Math.min(rows, (top + height) / 30); row += 1) {
            expect(row).to.be.within(from, end - 1);
          }
        },
      ),
    );
  });

  it("Fills the width with the days, and never makes a column narrower than its least width", () => {
    expect(columnWidth(1_120, 14)).to.equal(80);
    expect(columnWidth(300, 14)).to.equal(64);
    expect(columnWidth(1_000, 90)).to.equal(28);
  });
});
