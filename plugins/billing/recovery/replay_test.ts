import { expect } from "chai";
import { setTimeout as sleep } from "node:timers/promises";

import { newId } from "../../../core/values/ids.ts";
import { eventually, type TestHotel } from "#testing/mod.ts";
import { inDays, iso, startSeconds, useBilling } from "../testing/billing.ts";
import { ledgerTables } from "../entitlement/ledger_tables.ts";
import { basilInvoice, eventAround, freshId, olderInvoice, type TestEvent } from "../testing/deliveries.ts";
import { storyEvents } from "../testing/story_events.ts";
import type { InvoiceStory, PaymentStory, PaymentHistory } from "../testing/payment_story.ts";

const kill = "an invoice that nobody can read";

const paidInvoice = (shape: "older" | "basil", until: number, payment: Partial<PaymentStory>): InvoiceStory => {
  const payments = [{ amount: 24_900, refunds: [], disputes: [], chargeShows: "not" as const, ...payment }];
  return {
    shape,
    currency: "eur",
    lines: "plan",
    until,
    end: "paid",
    failedFirst: true,
    twin: true,
    named: false,
    payments,
  };
};

/** Refunds (one in full, one failed), a lost dispute, states of the subscription, and failed payments. */
const story: PaymentHistory = {
  trial: 0,
  unnamedPaidUntil: undefined,
  noise: false,
  subscriptions: [
    {
      states: ["incomplete", "active", "past_due"],
      namedBy: "subscription",
      // Another hotel was named first, so all rows have to move.
      hotel: "was_other",
      endedIn: 0,
      invoices: [
        paidInvoice("older", 60.5, {
          refunds: [{ id: "re_failed", share: 100, states: ["succeeded", "failed"] }],
          chargeShows: "list",
        }),
        paidInvoice("basil", 300.5, { refunds: [{ id: "re_whole", share: 100, states: ["pending", "succeeded"] }] }),
        paidInvoice("basil", 400.5, { disputes: [{ share: 100, id: "dp_lost", states: ["needs_response", "lost"] }] }),
        { ...paidInvoice("basil", 500.5, {}), end: "failed" },
      ],
    },
  ],
};

describe("the replay of events", function () {
  this.timeout(60_000);
  const billing = useBilling();
  let hotels: TestHotel[];
  const applied: TestEvent[] = [];
  const versions = () => billing.owner("identity.hotels").orderBy("hotel_id").pluck<number[]>("version");
  /** The state of a job that has failed ten times. */
  const killJob = (id: string, error: string) =>
    billing.jobsOf(id).update({ dead_at: billing.owner.fn.now(), failures: 10, last_error: error, attempts: 10 });

  const paid = (facts: Parameters<typeof olderInvoice>[0], type = "invoice.paid", shape = basilInvoice) =>
    eventAround(type, shape(facts));
  const poison = () =>
    eventAround("invoice.paid", { id: kill, object: "invoice", currency: "eur", amount_paid: "none" });
  const makeEvents = (): TestEvent[] =>
    storyEvents(story, [hotels[3]?.hotelId ?? "", hotels[0]?.hotelId ?? ""], startSeconds);

  before(async () => {
    hotels = [];
    for (let made = 0; made < 4; made += 1) hotels.push(await billing.signUp());
    for (const [at, { hotelId }] of hotels.slice(0, 3).entries()) {
      const ids = { customerId: freshId("cus"), subscriptionId: freshId("sub") };
      // Waits for its hotel. The next event names the hotel and re-enqueues this one.
      const early = paid({ ...ids, periodEnd: inDays(90 + at) });
      const first = paid({ ...ids, hotelId, periodEnd: inDays(30 + at) }, "invoice.payment_succeeded", olderInvoice);
      const twin = { ...first, id: freshId("evt"), type: "invoice.paid" };
      applied.push(early, first, twin);
      await billing.send(early, first, twin, first);
    }
    // The last event arrives first: reversals wait for their payments, and payments for their invoices.
    await billing.send(...makeEvents().reverse());
    await billing.send(
      paid({ periodEnd: inDays(500) }),
      eventAround("customer.updated", { id: freshId("cus") }),
      poison(),
    );
    await billing.settle();
  });

  it("A replay of all events gives the same state byte for byte, and changes no correct hotel", async () => {
    const before = await billing.state();
    const versionsBefore = await versions();
    const { code, out, err } = await billing.cli("replay", "--all");
    const { length } = makeEvents();
    expect(length).to.be.greaterThan(15);
    expect(out).to.include(
      `${12 + length} events applied into empty tables: ${9 + length} applied, 1 ignored, 1 stored, 1 waiting.`,
    );
    expect(out).to.include("The ledger and every valid_to are unchanged.");
    expect(err)
      .to.match(/^events: 0 of \d+\n|^events: 0\n/)
      .and.include("1 event can't be applied; the others were.");
    expect(code, "the failing event is reported").to.equal(1);
    expect(await billing.state()).to.equal(before);
    expect(await versions()).to.deep.equal(versionsBefore);
  });

  it("A replay of all events rebuilds an empty ledger", async () => {
    const before = await billing.state();
    const { managerToken } = hotels[3] as TestHotel;
    const view = await billing.platform.client.get("/billing/subscription", { token: managerToken });
    // The fully refunded and the disputed invoices are reversed. The failed refund reversed nothing.
    expect(view.body).to.include({ status: "past_due", paid_until: iso(inDays(60.5)) });
    for (const table of ledgerTables) {
      expect(await billing.owner(table).select("*"), table).not.to.deep.equal([]);
      await billing.owner(table).delete();
    }
    await billing.owner("identity.hotels").update({ valid_to: billing.owner.ref("trial_ends_at") });
    expect(await billing.state()).not.to.equal(before);
    const { out } = await billing.cli("replay", "--all");
    expect(out).to.include(`Changed: ${ledgerTables.join(", ")}, valid_to of 4 hotels.`);
    expect(await billing.state()).to.equal(before);
    expect((await billing.platform.client.get("/billing/subscription", { token: managerToken })).body).to.deep.equal(
      view.body,
    );
  });

  it("A dry run reports the changes and rolls them back", async () => {
    const before = await billing.state();
    const [hotel] = hotels as [TestHotel];
    await billing.owner("billing.paid_invoices").where({ hotel_id: hotel.hotelId }).delete();
    await billing
      .owner("identity.hotels")
      .where({ hotel_id: hotel.hotelId })
      .update({ valid_to: "2026-01-01T00:00:00Z" });
    const damaged = await billing.state();
    const { out } = await billing.cli("replay", "--all", "--dry-run");
    expect(out).to.include(`hotel ${hotel.hotelId}: valid_to 2026-01-01T00:00:00.000Z -> `);
    expect(out).to.include("Dry run: everything was rolled back.");
    expect(await billing.state()).to.equal(damaged);
    await billing.cli("replay", "--all");
    expect(await billing.state()).to.equal(before);
  });

  it("A replay of all events is rolled back if an event fails that had an outcome before", async () => {
    const [event] = applied as [TestEvent];
    const { body } = await billing.rowOf(event.id);
    const before = await billing.state();
    await billing
      .owner("billing.stripe_events")
      .where({ event_id: event.id })
      .update({ body: JSON.stringify({ ...event, data: { object: { id: "no invoice" } } }) });
    const { code, err, out } = await billing.cli("replay", "--all");
    expect(code).to.equal(1);
    expect(out).to.include(`${event.id} fails: `);
    expect(err).to.include("Events failed that had an outcome before. Everything was rolled back.");
    expect(await billing.state()).to.equal(before);
    await billing.owner("billing.stripe_events").where({ event_id: event.id }).update({ body });
  });

  it("A replay empties every table of billing except the inbox", async () => {
    const { rows } = await billing.owner.raw(
      `SELECT 'billing.' || relname AS name FROM pg_class
       WHERE relnamespace = 'billing'::regnamespace AND relkind = 'r'`,
    );
    const names = (rows as { name: string }[]).map(({ name }) => name);
    // A replay reads these tables. No event can restore them.
    const inbox = ["billing.stripe_events", "billing.conflicting_deliveries"];
    expect([...ledgerTables, ...inbox]).to.have.members(names);
  });

  it("The webhook answers during a replay, and the workers wait", async () => {
    const { hotelId } = hotels[0] as TestHotel;
    const event = paid({ hotelId, periodEnd: inDays(31) });
    const lock = await billing.owner.transaction();
    await lock.raw("SELECT pg_advisory_xact_lock(hashtextextended('billing.replay', 0))");
    await billing.send(event);
    await sleep(400);
    expect(await billing.rowOf(event.id)).to.include({ status: "stored" });
    await lock.commit();
    await eventually(async () => ((await billing.rowOf(event.id)).status === "applied" ? true : undefined));
  });

  it("A replay of one event applies it again, and changes nothing that is correct", async () => {
    const before = await billing.state();
    const [, event] = applied as [TestEvent, TestEvent];
    const { code, out } = await billing.cli("replay", event.id);
    expect(out).to.equal(`${event.id} (invoice.payment_succeeded) is applied for hotel ${hotels[0]?.hotelId}\n`);
    expect(code).to.equal(0);
    expect(await billing.state()).to.equal(before);
  });

  it("A replay of failed events applies those that work, deletes their jobs, and reports the others", async () => {
    const { hotelId, managerToken } = hotels[1] as TestHotel;
    const periodEnd = inDays(200);
    const good = paid({ hotelId, periodEnd });
    await billing.send(good);
    await billing.settle();
    // The state after all attempts failed: a dead job and no effect.
    await billing.owner("billing.paid_invoices").where({ event_id: good.id }).delete();
    await billing.owner("billing.stripe_events").where({ event_id: good.id }).update({ status: "stored" });
    const payload = JSON.stringify({ event_id: good.id });
    await billing.owner("core.outbox").insert({ job_id: newId(), job: "billing.apply-stripe-event", payload });
    await killJob(good.id, "Error: Stripe was away");
    const bad = await billing
      .owner("billing.stripe_events")
      .where({ status: "stored" })
      .whereNot({ event_id: good.id })
      .first();
    await killJob(bad.event_id, "Error: no invoice");

    const dead = await billing.cli("events", "--status", "dead");
    expect(dead.out).to.include(good.id).and.include("10 failed: Error: Stripe was away").and.include("2 events");
    const dry = await billing.cli("replay", "--failed", "--dry-run");
    expect(dry.out).to.include(`${good.id} (invoice.paid) would be applied for hotel ${hotelId}`);
    expect(await billing.rowOf(good.id)).to.include({ status: "stored" });

    const { code, out, err } = await billing.cli("replay", "--failed");
    expect(out).to.include(`${good.id} (invoice.paid) is applied for hotel ${hotelId}`);
    expect(out).to.include(`${bad.event_id} fails: `);
    expect(err).to.include("1 of 2 events still fail; their jobs stay dead.");
    expect(code).to.equal(1);
    expect(await billing.jobsOf(good.id)).to.deep.equal([]);
    expect(await billing.jobsOf(bad.event_id)).to.have.length(1);
    const { body } = await billing.platform.client.get("/billing/subscription", { token: managerToken });
    expect(body.paid_until).to.equal(iso(periodEnd));
  });

  it("An unknown event and wrong arguments are refused", async () => {
    expect(await billing.cli("replay", "evt_none")).to.deep.equal({
      code: 1,
      out: "",
      err: "There is no stored event evt_none.\n",
    });
    const wrong = [["replay"], ["replay", "evt_1", "--all"], ["replay", "--nothing"], ["events", "--status", "x"]];
    const answers = await Promise.all(wrong.map((args) => billing.cli(...args)));
    for (const { code, out, err } of answers) {
      expect({ code, out }, err).to.deep.equal({ code: 2, out: "" });
      expect(err).to.match(/^(Name one event|Unknown option '--nothing'|--status must be one of stored)/);
    }
  });
});
