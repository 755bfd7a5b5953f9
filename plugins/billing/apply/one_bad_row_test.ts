/** Work over all hotels must survive one bad row: the others succeed, and the output names the bad row. */
import { expect } from "chai";

import { inDays, iso, useResource, startSeconds, useBilling } from "../testing/billing.ts";
import { basilInvoice, eventAround, freshId, type TestEvent } from "../testing/deliveries.ts";
import { StripeServer, testApiKey } from "../testing/stripe_server.ts";

describe("one bad hotel or event among many", function () {
  this.timeout(240_000);
  const stripe = useResource(() => StripeServer.start());
  const billing = useBilling({
    worker: false,
    variables: () => ({ STRIPE_API_BASE: stripe().url, STRIPE_API_KEY: testApiKey }),
  });
  afterEach(async () => {
    await billing.owner("core.outbox").delete();
    await billing.owner("billing.stripe_events").delete();
  });

  const paid = (hotelId: string, days: number): TestEvent =>
    eventAround("invoice.paid", basilInvoice({ hotelId, periodEnd: inDays(days) }));
  /** Makes PostgreSQL refuse the rows of a table that match the condition. */
  const refuse = async (table: string, condition: string, test: () => Promise<void>): Promise<void> => {
    await billing.owner.raw(`CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'This row is refused.'; END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON ${table}
      FOR EACH ROW WHEN (${condition}) EXECUTE FUNCTION public.refuse()`);
    try {
      await test();
    } finally {
      await billing.owner.raw(`DROP TRIGGER refuse ON ${table}; DROP FUNCTION public.refuse()`);
    }
  };

  it("A replay of all events goes on, names the bad hotel and exits with 1", async () => {
    const [bad, good] = [billing.hotel, await billing.signUp()];
    await billing.send(paid(bad.hotelId, 30), paid(good.hotelId, 40));
    await billing.owner("identity.hotels").where({ hotel_id: bad.hotelId }).update({ trial_ends_at: "infinity" });
    try {
      const { code, out, err } = await billing.cli("replay", "--all");
      expect(out).to.include(`hotel ${bad.hotelId} keeps its valid_to: `);
      expect(out).to.include("2 events applied into empty tables: 2 applied.");
      expect(err).to.include("The valid_to of 1 hotel can't be computed; the others were.");
      expect(code).to.equal(1);
      expect((await billing.view(good)).valid_to).to.equal(iso(inDays(43)));
    } finally {
      await billing.owner("identity.hotels").where({ hotel_id: bad.hotelId }).update({ trial_ends_at: new Date() });
    }
  });

  it("The sweep of events without a job goes on", async () => {
    const events = Array.from({ length: 5 }, (_, at) => paid(billing.hotel.hotelId, 30 + at));
    await billing.send(...events);
    await billing.owner("core.outbox").delete();
    const bad = events[2]?.id ?? "";
    await refuse("core.outbox", `NEW.payload->>'event_id' = '${bad}'`, () => billing.runSchedule("sweep"));
    const enqueued = await billing.owner("core.outbox").pluck<{ event_id: string }[]>("payload");
    const good = events.map(({ id }) => id).filter((id) => id !== bad);
    expect(enqueued.map(({ event_id }) => event_id)).to.have.members(good);
  });

  it("A reconciliation goes on, names the bad event and exits with 1", async () => {
    const ids = ["evt_a", "evt_refused", "evt_z"];
    for (const id of ids)
      stripe().addUndelivered({ ...paid(billing.hotel.hotelId, 20), id, created: startSeconds - 60 });
    await refuse("billing.stripe_events", "NEW.event_id = 'evt_refused'", async () => {
      const { code, out, err } = await billing.cli("reconcile");
      expect(out).to.match(/^evt_refused {2}could not be stored: .*This row is refused/m);
      expect(err).to.include("Could not store 1 event. Run the command again.");
      expect(code).to.equal(1);
    });
    const stored = await billing.owner("billing.stripe_events").orderBy("event_id").pluck("event_id");
    expect(stored).to.deep.equal(["evt_a", "evt_z"]);
  });

  it("The terminal gets foreign ids and texts without control sequences", async () => {
    const id = `${freshId("evt")}\u001b[2J\nevt_forged  applied\u009b31m\u202e`;
    await billing.send({ ...paid(billing.hotel.hotelId, 20), id });
    for (const args of [["show", id], ["events"], ["replay", id, "--dry-run"]]) {
      const { code, out } = await billing.cli(...args);
      expect(code, args.join(" ")).to.equal(0);
      expect(out).to.include("\\u001b[2J");
      expect(out).not.to.match(/[^\n\P{Cc}]|\u202e/u);
      expect(out).not.to.match(/^evt_forged/m);
    }
  });
});
