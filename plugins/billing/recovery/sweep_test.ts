/** The sweep finds events that would wait forever: those without a job, and those whose lookup at Stripe failed. */
import { expect } from "chai";

import { newId } from "../../../core/values/ids.ts";
import { eventually } from "#testing/mod.ts";
import { inDays, useResource, useBilling } from "../testing/billing.ts";
import { basilInvoice, eventAround, freshId, olderInvoice, type TestEvent } from "../testing/deliveries.ts";
import { StripeServer, testApiKey } from "../testing/stripe_server.ts";

/** The number of attempts after which a job is dead. */
const attempts = 10;

describe("the sweep of events", function () {
  this.timeout(60_000);
  const stripe = useResource(() => StripeServer.start(), true);
  const billing = useBilling({
    each: true,
    variables: () => ({ STRIPE_API_BASE: stripe().url, STRIPE_API_KEY: testApiKey }),
  });

  const run = (name: "sweep" | "sweep-waiting", without: readonly string[] = []) => billing.runSchedule(name, without);
  /** A paid invoice whose lines are only at Stripe, not in its event. */
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
  /** The state of a job that failed until it was dead, this number of minutes ago. */
  const died = (id: string, minutesAgo: number) =>
    asking(id).update({
      failures: attempts,
      attempts,
      dead_at: billing.owner.raw("now() - make_interval(mins => ?)", [minutesAgo]),
    });
  const applied = (id: string) =>
    eventually(async () => ((await billing.rowOf(id)).status === "applied" ? true : undefined));

  it("An incomplete event without a lookup job gets one", async () => {
    stripe().trouble({ kind: "error" }, { times: 100 });
    const event = shortened(80);
    await billing.send(event);
    await failedOnce(event.id);
    await asking(event.id).delete();
    stripe().calm();
    await run("sweep", ["STRIPE_API_KEY"]);
    expect(await asking(event.id), "no lookup without a key").to.deep.equal([]);
    await run("sweep");
    await applied(event.id);
    const { length } = stripe().requests;
    await run("sweep");
    await billing.settled(event);
    expect(stripe().requests, "no further request").to.have.length(length);
  });

  it("Lookups start again by themselves after an outage that was longer than the job's attempts", async () => {
    stripe().trouble({ kind: "cut" }, { times: 100 });
    const event = shortened(80);
    await billing.send(event);
    await failedOnce(event.id);
    await died(event.id, 15);
    await run("sweep");
    expect(await asking(event.id).whereNotNull("dead_at"), "it remains dead for a while").to.have.length(1);
    stripe().calm();
    await died(event.id, 21);
    await run("sweep");
    await applied(event.id);
    expect(await asking(event.id)).to.deep.equal([]);
  });

  it("A refused lookup, and one that fails for days, remain dead for an operator", async () => {
    // The event of an invoice that Stripe does not know.
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
      .to.include(`Stripe refused the request for what ${refused.id} lacks: `)
      .and.include(`StripeAway: Stripe did not answer for ${old.id}: `);
  });

  it("Waiting events whose id is known by now are re-enqueued if their job is lost", async () => {
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

  it("Ten thousand events with jobs take no longer than a few", async () => {
    const count = 10_000;
    await billing.owner.raw(
      `INSERT INTO billing.stripe_events (event_id, type, body, status)
       SELECT 'evt_' || n, 'invoice.paid', '{}', 'stored'
       FROM generate_series(1, ?) AS n`,
      [count],
    );
    // Scheduled later, so that no worker takes them.
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
    // A scan of all jobs for each event takes 5 to 10 s.
    expect(performance.now() - start).to.be.lessThan(3_000);
    expect(await billing.owner("core.outbox").count({ jobs: "*" })).to.deep.equal([{ jobs: String(count + 1) }]);
  });
});
