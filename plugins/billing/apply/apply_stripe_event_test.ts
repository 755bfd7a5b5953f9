import { expect } from "chai";
import fc from "fast-check";

import { eventually, onBothStores } from "#testing/mod.ts";
import { inDays, iso, useBilling } from "../testing/billing.ts";
import {
  basilInvoice,
  deliver,
  describeWithObjects,
  eventAround,
  fileAsEvent,
  freshId,
  olderInvoice,
  type PaidInvoiceFacts,
  readObject,
  type TestEvent,
} from "../testing/deliveries.ts";

const graceDays = 3;
const withGrace = (seconds: number) => iso(seconds + graceDays * 86_400);

onBothStores("applying Stripe events", (store) => {
  const billing = useBilling({ store });
  const applyAtOnce = async (...events: TestEvent[]) => {
    await billing.sendAtOnce(...events);
    return billing.settled(...events);
  };
  const readHotel = (of = billing.hotel) => billing.platform.client.get("/hotels/me", { token: of.managerToken });
  const ledger = () => billing.owner("billing.paid_invoices").where({ hotel_id: billing.hotel.hotelId });
  const paid = (facts: PaidInvoiceFacts, shape = olderInvoice, type = "invoice.payment_succeeded") =>
    eventAround(type, shape(facts));

  describeWithObjects("with Stripe's real payloads", () => {
    type Line = { period: { end: number }; parent?: { type: string }; metadata?: unknown };
    const realLine = (object: Record<string, unknown>) => (object["lines"] as { data: [Line] }).data[0];

    it("The older shape of invoice.payment_succeeded extends valid_to once", async () => {
      const event = fileAsEvent("stripe-ruby-mock/invoice.payment_succeeded.json", "");
      // The file's invoice has no subscription. The subscription and its line are from the same source's
      // invoice.created.
      const created = readObject("stripe-ruby-mock/invoice.created.json") as TestEvent;
      const { subscription, lines } = created.data.object;
      const metadata = { hotel_id: billing.hotel.hotelId };
      Object.assign(event.data.object, { id: freshId("in"), subscription, lines, subscription_details: { metadata } });
      Object.assign(event.data.object, { subscription: freshId("sub"), customer: freshId("cus") });
      realLine(event.data.object).period.end = inDays(40);

      const [row] = await billing.apply(event);
      expect(row).to.include({ status: "applied", hotel_id: billing.hotel.hotelId });
      const after = await readHotel();
      expect(after.body).to.include({ subscription_valid: true, valid_to: withGrace(inDays(40)) });

      await billing.send(event, event);
      const twin = { ...event, id: freshId("evt"), type: "invoice.paid" };
      await billing.send(twin);
      await billing.settled(event, twin);
      expect(await ledger()).to.have.length(1);
      const again = await readHotel();
      expect(again.body).to.deep.equal(after.body);
      expect(again.headers.get("etag")).to.equal(after.headers.get("etag"));
    });

    it("A basil invoice extends valid_to", async () => {
      const { object } = fileAsEvent("pay/invoice.payment_failed.json", "invoice.paid").data;
      Object.assign(object, { id: freshId("in"), status: "paid", customer: freshId("cus") });
      const parent = object["parent"] as { subscription_details: Record<string, unknown> };
      Object.assign(parent.subscription_details, {
        metadata: { license_id: "0", hotel_id: billing.hotel.hotelId },
        subscription: freshId("sub"),
      });
      realLine(object).period.end = inDays(365);
      const event = eventAround("invoice.paid", object);
      await billing.apply(event);
      expect((await readHotel()).body.valid_to).to.equal(withGrace(inDays(365)));
    });

    it("The invoice of Stripe's OpenAPI fixtures extends valid_to by its line's metadata", async () => {
      const object = readObject("openapi-fixtures3/OBJECT.invoice.json");
      Object.assign(object, { id: freshId("in"), status: "paid", customer: freshId("cus") });
      const parent = object["parent"] as { subscription_details: { subscription: string } };
      parent.subscription_details.subscription = freshId("sub");
      const line = realLine(object) as Line & { parent: { type: string; subscription_item_details: object } };
      line.parent.type = "subscription_item_details";
      Object.assign(line.parent.subscription_item_details, { proration: false });
      Object.assign(line, {
        metadata: { hotel_id: billing.hotel.hotelId },
        period: { start: inDays(0), end: inDays(31) },
      });
      const event = eventAround("invoice.payment_succeeded", object);
      await billing.apply(event);
      expect((await readHotel()).body.valid_to).to.equal(withGrace(inDays(31)));
    });

    it("Objects without an event answer 400", async () => {
      for (const file of ["openapi-fixtures3/OBJECT.invoice.json", "pay/charge.refunded.json"]) {
        const answer = await deliver(billing.platform.client, readObject(file) as TestEvent);
        expect(answer.status).to.equal(400);
      }
    });
  });

  it("A manager reads what valid_to is computed from, and other roles can't", async () => {
    const trial = await billing.view();
    expect(trial).to.include({ status: "trial", subscription_valid: true, paid_until: null, paid_by: null });
    expect(trial.valid_to).to.equal(trial.trial_ends_at);

    const first = { hotelId: billing.hotel.hotelId, invoiceId: freshId("in"), periodEnd: inDays(30) };
    const second = { hotelId: billing.hotel.hotelId, invoiceId: freshId("in"), periodEnd: inDays(60) };
    const events = [paid(second, basilInvoice), paid(first)];
    await applyAtOnce(...events);
    const body = await billing.view();
    expect(body).to.include({
      hotel_id: billing.hotel.hotelId,
      status: "active",
      valid_to: withGrace(second.periodEnd),
      paid_until: new Date(second.periodEnd * 1000).toISOString(),
      paid_by: second.invoiceId,
      grace_days: 3,
    });
    expect(body.invoices.map((invoice: { invoice_id: string }) => invoice.invoice_id)).to.deep.equal([
      second.invoiceId,
      first.invoiceId,
    ]);
    expect(body.invoices[0]).to.include({ amount_paid: "249.00", currency: "EUR" });

    const byDesk = await billing.platform.client.get("/billing/subscription", {
      token: billing.hotel.receptionistToken,
    });
    expect(byDesk.status).to.equal(403);
    const neighbour = await billing.signUp();
    expect((await billing.view(neighbour)).invoices).to.deep.equal([]);
  });

  it("The two events of one payment count once, also if they race", async () => {
    const facts = { hotelId: billing.hotel.hotelId, invoiceId: freshId("in"), periodEnd: inDays(45) };
    const events = Array.from({ length: 12 }, (_, turn) =>
      paid(facts, turn % 2 === 0 ? olderInvoice : basilInvoice, turn % 3 === 0 ? "invoice.paid" : undefined),
    );
    const rows = await applyAtOnce(...events);
    expect(new Set(rows.map((row) => row?.status))).to.have.keys("applied");
    expect(await ledger()).to.have.length(1);
    expect((await readHotel()).body.valid_to).to.equal(withGrace(facts.periodEnd));
  });

  it("No update is lost if many events of one hotel race", async () => {
    const events = Array.from({ length: 24 }, (_, month) =>
      paid({ hotelId: billing.hotel.hotelId, periodEnd: inDays(20 + month * 30) }),
    );
    await applyAtOnce(...events);
    expect(await ledger()).to.have.length(24);
    expect((await readHotel()).body.valid_to).to.equal(withGrace(inDays(20 + 23 * 30)));
  });

  it("An event waits until its customer is known, and is then applied", async () => {
    const customerId = freshId("cus");
    const subscriptionId = freshId("sub");
    const early = paid({ customerId, subscriptionId, periodEnd: inDays(90) });
    const [row] = await billing.apply(early);
    expect(row).to.include({ status: "waiting", status_reason: "hotel", customer_id: customerId, hotel_id: null });
    expect((await billing.view()).status).to.equal("trial");

    const naming = paid({ hotelId: billing.hotel.hotelId, customerId, periodEnd: inDays(60) }, basilInvoice);
    await billing.send(naming);
    const [applied] = await billing.settled(early, naming);
    expect(applied).to.include({ status: "applied", status_reason: null, hotel_id: billing.hotel.hotelId });
    expect((await readHotel()).body.valid_to).to.equal(withGrace(inDays(90)));

    // From here on the subscription alone identifies the hotel.
    const later = paid({ subscriptionId, periodEnd: inDays(120) });
    await billing.apply(later);
    expect((await readHotel()).body.valid_to).to.equal(withGrace(inDays(120)));
  });

  it("Waiting events are re-enqueued when an id becomes known, and not again by each of them", async () => {
    const ids = { customerId: freshId("cus"), subscriptionId: freshId("sub") };
    const count = 40;
    const early = Array.from({ length: count }, (_, at) => paid({ ...ids, periodEnd: inDays(40 + at) }));
    await applyAtOnce(...early);
    // Each later job leaves a row.
    await billing.owner.raw(
      `CREATE TABLE public.jobs_made (job_id uuid);
       CREATE FUNCTION public.note_job() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS
         $$ BEGIN INSERT INTO public.jobs_made VALUES (NEW.job_id); RETURN NULL; END $$;
       CREATE TRIGGER note_job AFTER INSERT ON core.outbox FOR EACH ROW EXECUTE FUNCTION public.note_job()`,
    );
    try {
      const naming = paid({ hotelId: billing.hotel.hotelId, ...ids, periodEnd: inDays(30) });
      await billing.apply(naming);
      const rows = await billing.settled(...early);
      expect(new Set(rows.map(({ status }) => status))).to.have.keys("applied");
      expect((await readHotel()).body.valid_to).to.equal(withGrace(inDays(40 + count - 1)));
      expect(await billing.owner("public.jobs_made").select("job_id")).to.have.length(count + 1);
    } finally {
      await billing.owner.raw("DROP FUNCTION public.note_job CASCADE; DROP TABLE public.jobs_made");
    }
  });

  it("An event that arrives while another links its customer to the hotel is not missed", async () => {
    const customerId = freshId("cus");
    const invoiceId = freshId("in");
    const naming = paid({ hotelId: billing.hotel.hotelId, customerId, invoiceId, periodEnd: inDays(30) });
    const nameless = paid({ customerId, periodEnd: inDays(60) });
    const blocked = (least: number) =>
      eventually(async () => {
        const { rows } = await billing.owner.raw(
          `SELECT count(*)::int AS waiting FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        return rows[0].waiting >= least ? true : undefined;
      });
    // Delays the first event's commit until after it has linked the customer and looked for waiting events.
    const brake = await billing.owner.transaction();
    await brake("billing.paid_invoices").insert({
      hotel_id: billing.hotel.hotelId,
      invoice_id: invoiceId,
      amount_paid: "0",
      currency: "EUR",
      event_id: "evt_0",
    });
    try {
      await billing.send(naming);
      await blocked(1);
      await billing.send(nameless);
      await blocked(2);
    } finally {
      await brake.rollback();
    }
    const rows = await billing.settled(naming, nameless);
    expect(rows.map((row) => row?.status)).to.deep.equal(["applied", "applied"]);
    expect((await readHotel()).body.valid_to).to.equal(withGrace(inDays(60)));
  });

  it("An event that names an unknown hotel waits, or takes the hotel of its known customer", async () => {
    const customerId = freshId("cus");
    const nowhere = paid({ hotelId: "0199f3a0-7c1e-7b2a-9c53-2f4a6c8e0b1d", customerId, periodEnd: inDays(50) });
    expect((await billing.apply(nowhere))[0]).to.include({ status: "waiting" });
    const naming = paid({ hotelId: billing.hotel.hotelId, customerId, periodEnd: inDays(20) });
    await billing.send(naming);
    expect((await billing.settled(nowhere))[0]).to.include({ status: "applied", hotel_id: billing.hotel.hotelId });
  });

  it("An event without a payment, a subscription or a known type is ignored", async () => {
    const facts = { hotelId: billing.hotel.hotelId, periodEnd: inDays(300) };
    const events = [
      eventAround("invoice.payment_succeeded", { ...basilInvoice(facts), status: "open" }),
      eventAround("invoice.paid", { ...olderInvoice(facts), subscription: null }),
      eventAround("invoice.finalized", olderInvoice(facts)),
      eventAround("invoice.paid", { ...olderInvoice(facts), lines: { data: [], has_more: true } }),
    ];
    const rows = await applyAtOnce(...events);
    expect(rows.map((row) => [row?.status, row?.status_reason])).to.deep.equal([
      ["ignored", "not_paid"],
      ["ignored", "no_subscription"],
      ["ignored", "type"],
      ["waiting", "lines"],
    ]);
    expect(await ledger()).to.deep.equal([]);
    expect((await billing.view()).status).to.equal("trial");
  });

  it("The trial, the days of grace and the paid periods determine valid_to as they end", async () => {
    const facts = { hotelId: billing.hotel.hotelId, invoiceId: freshId("in") };
    await billing
      .owner("identity.hotels")
      .where({ hotel_id: billing.hotel.hotelId })
      .update({ trial_ends_at: "2020-01-01" });
    const late = paid({ ...facts, periodEnd: inDays(-10) });
    await billing.apply(late);
    expect((await readHotel()).body).to.include({ subscription_valid: false, valid_to: withGrace(inDays(-10)) });
    expect(await billing.view()).to.include({ status: "lapsed", subscription_valid: false });
    const justOver = paid({ hotelId: billing.hotel.hotelId, periodEnd: inDays(-1) });
    await billing.apply(justOver);
    expect(await billing.view()).to.include({ status: "grace", subscription_valid: true });
  });

  it("An unreadable event fails visibly, and the others are applied", async () => {
    const poison = eventAround("invoice.paid", { ...olderInvoice({ periodEnd: inDays(9) }), lines: "none" });
    const sound = paid({ hotelId: billing.hotel.hotelId, periodEnd: inDays(70) });
    await billing.send(poison, sound);
    await eventually(async () => ((await ledger()).length === 1 ? true : undefined));
    const job = await eventually(() =>
      billing
        .owner("core.outbox")
        .whereRaw("payload ->> 'event_id' = ? AND failures > 0", [poison.id])
        .first<{ last_error: string } | undefined>("last_error"),
    );
    expect(job.last_error).to.contain("ZodError");
    await billing.owner("core.outbox").whereRaw("payload ->> 'event_id' = ?", [poison.id]).delete();
  });

  it("Tenants can't read the inbox", async () => {
    const event = paid({ hotelId: billing.hotel.hotelId, periodEnd: inDays(30) });
    await billing.apply(event);
    await billing.owner.transaction(async (trx) => {
      await trx.raw(`SET LOCAL ROLE keyrack_billing; SET LOCAL keyrack.tenant_id = '${billing.hotel.hotelId}'`);
      expect(await trx("billing.stripe_events").select("event_id")).to.deep.equal([]);
      expect(await trx("billing.paid_invoices").select("invoice_id")).to.have.length(1);
    });
  });

  it("Any shuffle and repetition of the same events gives the same ledger and valid_to", async function () {
    this.timeout(60_000);
    const facts = fc.record({
      invoice: fc.nat({ max: 3 }),
      days: fc.integer({ min: 15, max: 400 }),
      basil: fc.boolean(),
    });
    const history = fc.array(facts, { minLength: 1, maxLength: 6 }).chain((versions) =>
      fc.tuple(
        fc.constant(versions),
        // Two orders of arrival, the second with repetitions.
        fc.shuffledSubarray([...versions.keys()], { minLength: versions.length }),
        fc.shuffledSubarray([...versions.keys(), ...versions.keys()], { minLength: versions.length * 2 }),
      ),
    );
    await fc.assert(
      fc.asyncProperty(history, async ([versions, ...orders]) => {
        const run = freshId("run");
        const outcomes = [];
        for (const order of orders) {
          const guest = await billing.signUp();
          // Ids that sort in the same way in both orders: the order of two versions of one invoice depends on them.
          const place = freshId("o");
          const events = versions.map(({ invoice, days, basil }, index) =>
            eventAround(
              index % 2 === 0 ? "invoice.paid" : "invoice.payment_succeeded",
              (basil ? basilInvoice : olderInvoice)({
                hotelId: guest.hotelId,
                invoiceId: `in_${invoice}_${place}`,
                customerId: `cus_${place}`,
                subscriptionId: `sub_${place}`,
                periodEnd: inDays(days),
              }),
              `evt_${run}_${index}_${place}`,
            ),
          );
          for (const index of order) await billing.send(events[index] as TestEvent);
          await billing.settled(...events);
          const rows = await billing
            .owner("billing.paid_invoices")
            .where({ hotel_id: guest.hotelId })
            .orderBy("invoice_id");
          outcomes.push({
            valid_to: (await readHotel(guest)).body.valid_to,
            ledger: rows.map((row) => JSON.stringify({ ...row, hotel_id: "" }).replaceAll(place, "")),
          });
        }
        expect(outcomes[0]).to.deep.equal(outcomes[1]);
        // Each invoice is paid for longer than the trial. The latest period end of all versions counts.
        const furthest = Math.max(...versions.map(({ days }) => days));
        expect(outcomes[0]?.valid_to).to.equal(withGrace(inDays(furthest)));
      }),
      { numRuns: 6, endOnFailure: true },
    );
  });
});
