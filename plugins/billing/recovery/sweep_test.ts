/**
 * A schedule finds events that would wait forever: those whose jobs are gone, and those whose lookups at Stripe
 * failed.
 */
import { expect } from "chai";

import { newId } from "../../../core/values/ids.ts";
import { eventually } from "../../../testing/platform.ts";
import { inDays, keptOpen, useBilling } from "../testing/billing.ts";
import { basilInvoice, eventAround, freshId, olderInvoice, type TestEvent } from "../testing/deliveries.ts";
import { StripeServer, testApiKey } from "../testing/stripe_server.ts";

/** A job is dead after this many attempts. */
const attempts = 10;

describe("The sweep of Stripe's events", function () {
  this.timeout(60_000);
  const stripe = keptOpen(() => StripeServer.start(), true);
  const billing = useBilling({
    each: true,
    variables: () => ({ STRIPE_API_BASE: stripe().url, STRIPE_API_KEY: testApiKey }),
  });

  const run = (name: "sweep" | "sweep-waiting", without: readonly string[] = []) => billing.runSchedule(name, without);
  /** A paid invoice whose lines are known to Stripe, and whose event has none of them. */
  const shortened = (days: number): TestEvent => {
    const invoice = basilInvoice({ hotelId: billing.hotel.hotelId, periodEnd: inDays(days) });
    const { data } = invoice["lines"] as { data: object[] };
    const lines = data.map((line, at) => ({ ...line, id: `il_${at}` }));
    stripe().add({ ...invoice, lines: { object: "list", data: lines } });
    return eventAround("invoice.paid", { ...invoice, lines: { object: "list", data: [], has_more: true } });
  };
  const asking = (id: string) => billing.jobsOf(id).where({ job: "billing.ask-stripe" });
  const failedOnce = (id: string) =>
    eventually(async () => ((await asking(id).where("failures", ">", 0)).length > 0 ? true : undefined));
  /** As if the job had failed this often and had died this long ago. */
  const died = (id: string, minutesAgo: number) =>
    asking(id).update({
      failures: attempts,
      attempts,
      dead_at: billing.owner.raw("now() - make_interval(mins => ?)", [minutesAgo]),
    });
  const applied = (id: string) =>
    eventually(async () => ((await billing.rowOf(id)).status === "applied" ? true : undefined));

  it("It enqueues the lookup of an event's missing facts if no job will do it", async () => {
    stripe().trouble({ kind: "error" }, { times: 100 });
    const event = shortened(80);
    await billing.send(event);
    await failedOnce(event.id);
    await asking(event.id).delete();
    stripe().calm();
    await run("sweep", ["STRIPE_API_KEY"]);
    expect(await asking(event.id), "no process could ask Stripe").to.deep.equal([]);
    await run("sweep");
    await applied(event.id);
    const { length } = stripe().requests;
    await run("sweep");
    await billing.settled(event);
    expect(stripe().requests, "no further request is sent").to.have.length(length);
  });

  it("It asks again without an operator after an outage that outlasted the job's attempts", async () => {
    stripe().trouble({ kind: "cut" }, { times: 100 });
    const event = shortened(80);
    await billing.send(event);
    await failedOnce(event.id);
    await died(event.id, 15);
    await run("sweep");
    expect(await asking(event.id).whereNotNull("dead_at"), "the job waits and is shown as dead").to.have.length(1);
    stripe().calm();
    await died(event.id, 21);
    await run("sweep");
    await applied(event.id);
    expect(await asking(event.id)).to.deep.equal([]);
  });

  it("It leaves to an operator the lookups that Stripe refused and those that failed for days", async () => {
    // A refund of an invoice that Stripe does not know.
    const refused = eventAround("invoice.paid", {
      ...olderInvoice({ hotelId: billing.hotel.hotelId, periodEnd: inDays(9) }),
      lines: { data: [], has_more: true },
    });
    await billing.send(refused);
    await failedOnce(refused.id);
    await died(refused.id, 60);
    stripe().trouble({ kind: "error" }, { times: 100 });
    const old = shortened(80);
    await billing.send(old);
    await failedOnce(old.id);
    await died(old.id, 60);
    const longAgo = billing.owner.raw("now() - interval '73 hours'");
    await billing.owner("billing.stripe_events").update({ received_at: longAgo, processed_at: longAgo });
    await run("sweep");
    for (const { id } of [refused, old])
      expect((await asking(id)).map(({ failures, dead_at }) => [failures, dead_at !== null])).to.deep.equal([
        [attempts, true],
      ]);
    expect((await billing.cli("events", "--status", "dead")).out)
      .to.include(`Stripe refused what ${refused.id} lacks: `)
      .and.include(`StripeAway: Stripe did not answer for ${old.id}: `);
  });

  it("It re-enqueues events whose ids are known now if the job for that is gone", async () => {
    const ids = { customerId: freshId("cus"), subscriptionId: freshId("sub"), invoiceId: freshId("in") };
    await billing.apply(
      eventAround("invoice.paid", olderInvoice({ hotelId: billing.hotel.hotelId, ...ids, periodEnd: inDays(30) })),
    );
    const lost = eventAround("invoice.paid", olderInvoice({ customerId: ids.customerId, periodEnd: inDays(90) }));
    const unknown = eventAround("invoice.paid", olderInvoice({ periodEnd: inDays(99) }));
    const payment = eventAround("invoice_payment.paid", {
      id: freshId("inpay"),
      invoice: ids.invoiceId,
      payment: { type: "payment_intent", payment_intent: freshId("pi") },
    });
    const waitsFor = new Map([
      [lost.id, [ids.customerId]],
      [unknown.id, [freshId("cus")]],
      [payment.id, [ids.invoiceId]],
    ]);
    const rows = [lost, unknown, payment].map((event) => ({
      event_id: event.id,
      type: event.type,
      body: JSON.stringify(event),
      status: "waiting",
      status_reason: "hotel",
      waits_for: waitsFor.get(event.id),
    }));
    await billing.owner("billing.stripe_events").insert(rows);
    await run("sweep-waiting");
    const settled = await billing.settled(lost, unknown, payment);
    expect(settled.map(({ status }) => status)).to.deep.equal(["applied", "waiting", "applied"]);
    expect((await billing.view()).paid_until).to.equal(new Date(inDays(90) * 1000).toISOString());
    await run("sweep-waiting");
    expect(await billing.owner("core.outbox").select("job")).to.deep.equal([]);
  });

  it("It takes as long for ten thousand events and their jobs as for a few", async () => {
    const count = 10_000;
    await billing.owner.raw(
      `INSERT INTO billing.stripe_events (event_id, type, body, status)
       SELECT 'evt_' || n, 'invoice.paid', '{}', 'stored' FROM generate_series(1, ?) AS n`,
      [count],
    );
    // Put off, so that no worker takes them.
    await billing.owner.raw(
      `INSERT INTO core.outbox (job_id, job, payload, queued_at, run_at)
       SELECT gen_random_uuid(), 'billing.apply-stripe-event', jsonb_build_object('event_id', 'evt_' || n),
              now(), now() + interval '1 day'
       FROM generate_series(1, ?) AS n`,
      [count],
    );
    await billing.owner("core.outbox").insert({
      job_id: newId(),
      job: "billing.ask-stripe",
      payload: JSON.stringify({ event_id: "evt_1" }),
      dead_at: billing.owner.fn.now(),
      last_error: "StripeAway: for a moment",
    });
    const start = performance.now();
    await run("sweep");
    await run("sweep-waiting");
    // Scanning the jobs once for each event takes five to ten seconds.
    expect(performance.now() - start).to.be.lessThan(3_000);
    expect(await billing.owner("core.outbox").count({ jobs: "*" })).to.deep.equal([{ jobs: String(count + 1) }]);
  });
});
