import { expect } from "chai";

import { inDays, iso, useBilling } from "../testing/billing.ts";
import { basilInvoice, eventAround, freshId, olderInvoice, type TestEvent } from "../testing/deliveries.ts";

describe("the retention of events", function () {
  this.timeout(240_000);
  const billing = useBilling();

  const run = (name: string) => billing.runSchedule(name);
  const age = (days: number) =>
    billing
      .owner("billing.stripe_events")
      .update({ received_at: billing.owner.raw("now() - make_interval(days => ?)", [days]) });
  const left = () => billing.owner("billing.stripe_events").orderBy("event_id").pluck<string[]>("event_id");

  it("Events without a hotel are deleted after 90 days, and a redelivery is harmless", async () => {
    const { hotelId } = billing.hotel;
    const applied = eventAround("invoice.paid", olderInvoice({ hotelId, periodEnd: inDays(30) }));
    const ofAnotherProduct = eventAround("invoice.paid", basilInvoice({ periodEnd: inDays(90) }));
    const ignored = eventAround("customer.updated", { id: freshId("cus") });
    const connected = { ...applied, id: freshId("evt"), account: "acct_1" };
    const refund = { id: freshId("re"), amount: 100, currency: "eur", charge: freshId("ch"), status: "succeeded" };
    const unknownPayment = eventAround("refund.created", refund);
    const unknownInvoice = eventAround("refund.created", { ...refund, id: freshId("re"), charge: freshId("ch") });
    const dead = eventAround("invoice.paid", { id: "in_unreadable" });
    const forgettable: TestEvent[] = [ofAnotherProduct, ignored, connected, unknownPayment, unknownInvoice];
    await billing.send(applied, dead, ...forgettable);
    await billing.settle();
    // The state after Stripe was asked for it.
    await billing
      .owner("billing.stripe_events")
      .where({ event_id: unknownInvoice.id })
      .update({ status_reason: "no_invoice", fetched: '{"links":[]}' });
    // Another body was received under its id. That row must be deleted first.
    await billing.send({ ...ignored, created: 1 });
    await age(89);
    await run("forget");
    expect(await left()).to.have.length(7);
    await age(91);
    await run("forget");
    expect(await left()).to.have.members([applied.id, dead.id]);
    expect(await billing.owner("billing.conflicting_deliveries").pluck("event_id")).to.deep.equal([]);

    const before = await billing.view();
    await billing.send(...forgettable);
    await billing.settle();
    const statuses = await Promise.all(forgettable.map(async ({ id }) => (await billing.rowOf(id)).status as string));
    expect(statuses).to.deep.equal(["waiting", "ignored", "ignored", "waiting", "waiting"]);
    expect(await billing.view()).to.deep.equal(before);
    expect(before.paid_until).to.equal(iso(inDays(30)));
    await billing.jobsOf(dead.id).delete();
  });

  it("An applied event is not listed as failing or dead, and the sweep deletes its dead job", async () => {
    const { hotelId } = billing.hotel;
    const event = eventAround("invoice.paid", olderInvoice({ hotelId, periodEnd: inDays(30) }));
    await billing.apply(event);
    const job = { job: "billing.ask-stripe", payload: JSON.stringify({ event_id: event.id }), failures: 10 };
    const { rows } = (await billing.owner.raw(
      `INSERT INTO core.outbox (job_id, job, payload, failures, last_error, dead_at)
       VALUES (gen_random_uuid(), ?, ?, ?, 'StripeAway: gone', now()) RETURNING job_id`,
      [job.job, job.payload, job.failures],
    )) as { rows: { job_id: string }[] };
    expect(rows).to.have.length(1);
    expect((await billing.cli("events", "--status", "dead")).out).not.to.include(event.id);
    const all = (await billing.cli("events")).out;
    expect(all).to.match(new RegExp(`applied +invoice.paid +${event.id}`));
    expect(all).not.to.include("StripeAway");
    await run("sweep");
    expect(await billing.jobsOf(event.id)).to.deep.equal([]);
  });
});
