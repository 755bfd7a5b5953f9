/** Concurrent replays, sweeps and live events lose nothing, and the result is what the events say. */
import { expect } from "chai";

import { boot } from "../../../core/boot.ts";
import { onBothStores, type TestHotel } from "#testing/mod.ts";
import { inDays, iso, useBilling } from "../testing/billing.ts";
import { basilInvoice, eventAround, freshId, olderInvoice, type TestEvent } from "../testing/deliveries.ts";

onBothStores("a replay of all events during live events", (store) => {
  const billing = useBilling({ store });

  it("Two concurrent replays wait for live events, lose nothing, and give the same state byte for byte", async () => {
    const hotels: TestHotel[] = [];
    for (let made = 0; made < 3; made += 1) hotels.push(await billing.signUp());
    const events: TestEvent[] = hotels.flatMap(({ hotelId }, hotel) => {
      const ids = { customerId: freshId("cus"), subscriptionId: freshId("sub") };
      return Array.from({ length: 80 }, (_, at) => {
        const invoiceId = `in_${hotel}_${at >> 1}_${ids.customerId.slice(-8)}`;
        const charge = `ch_of_${invoiceId}`;
        const shape = at % 2 === 0 ? olderInvoice : basilInvoice;
        // Few events name their hotel. The others wait for one that does.
        const invoice = shape({
          ...ids,
          invoiceId,
          hotelId: at === 40 ? hotelId : undefined,
          periodEnd: inDays(20 + (at >> 1)),
        });
        const refund = { id: `re_of_${invoiceId}`, amount: 24_900, currency: "eur", status: "succeeded", charge };
        return [
          eventAround(at % 2 === 0 ? "invoice.paid" : "invoice.payment_succeeded", { ...invoice, charge }),
          // The last two invoices are refunded.
          ...(at > 75 && at % 2 === 0 ? [eventAround("refund.created", refund)] : []),
        ];
      }).flat();
    });
    const booted = await boot("worker", billing.platform.variables);
    const { signal } = new AbortController();
    const sweeps = booted.schedules.filter(
      ({ pluginId, schedule }) => pluginId === "billing" && schedule.name.startsWith("sweep"),
    );
    const half = events.length / 2;
    await billing.sendAtOnce(...events.slice(0, half));
    const live = billing.sendAtOnce(...events.slice(half), ...events.slice(0, 40));
    const replays = await Promise.all([billing.cli("replay", "--all"), billing.cli("replay", "--all"), live]);
    await Promise.all(sweeps.map(({ schedule }) => schedule.run(signal)));
    await booted.close();
    for (const result of replays) if (result !== undefined) expect(result.code, result.err).to.equal(0);
    const rows = await billing.settled(...events);
    expect(new Set(rows.map(({ status }) => status))).to.have.keys("applied");
    for (const hotel of hotels) expect((await billing.view(hotel)).paid_until).to.equal(iso(inDays(20 + 37)));
    expect(await billing.owner("core.outbox").select("*")).to.deep.equal([]);
    const state = await billing.state();
    expect((await billing.cli("replay", "--all")).out).to.include("The ledger and every valid_to are unchanged.");
    expect(await billing.state()).to.equal(state);
  }).timeout(120_000);
});
