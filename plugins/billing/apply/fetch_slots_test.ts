/** Calls to Stripe must not take the worker slots of complete events. */
import { expect } from "chai";

import { startSilentServer } from "../../../testing/network/silent_server.ts";
import { eventually, onBothStores } from "#testing/mod.ts";
import { inDays, useResource, useBilling } from "../testing/billing.ts";
import { eventAround, freshId, olderInvoice } from "../testing/deliveries.ts";

onBothStores("a Stripe that does not answer", function (store) {
  const stripe = useResource(() => startSilentServer("nothing"));
  const billing = useBilling({
    store,
    variables: () => ({ STRIPE_API_KEY: "sk_test_of_the_slots", STRIPE_API_BASE: stripe().origin }),
  });

  it("Complete events are applied, and the worker stops without waiting for Stripe", async function () {
    this.timeout(60_000);
    const refunds = Array.from({ length: 12 }, () =>
      eventAround("charge.refunded", { id: freshId("ch"), amount_refunded: 100, currency: "eur" }),
    );
    await billing.send(...refunds);
    const asks = () => billing.owner("core.outbox").where({ job: "billing.ask-stripe" });
    await eventually(async () => ((await asks()).length === 12 && stripe().open() >= 8 ? true : undefined));

    const { hotelId } = billing.hotel;
    const payments = Array.from({ length: 10 }, (_, at) =>
      eventAround("invoice.paid", olderInvoice({ hotelId, periodEnd: inDays(30 + at) })),
    );
    await billing.send(...payments);
    const ids = payments.map(({ id }) => id);
    await eventually(async () => {
      const rows = await billing.owner("billing.stripe_events").whereIn("event_id", ids).where({ status: "applied" });
      return rows.length === 10 ? true : undefined;
    });
    const after = await asks();
    expect(after.map(({ failures }) => failures as number)).to.deep.equal(Array.from({ length: 12 }, () => 0));
    expect(stripe().open(), "every call is still open").to.be.at.least(8);

    const { text } = await billing.platform.client.get("/metrics");
    expect(text).to.match(/^keyrack_jobs_waiting\{queue="billing-network"\} 12$/m);
    expect(text).to.match(/^keyrack_jobs_waiting\{queue="billing"\} 0$/m);
    await billing.platform.stopWorker();
    expect(stripe().open(), "the worker did not wait for the calls").to.be.at.least(8);
    const left = await asks();
    expect(left.map(({ failures }) => failures as number)).to.deep.equal(Array.from({ length: 12 }, () => 0));
  });
});
