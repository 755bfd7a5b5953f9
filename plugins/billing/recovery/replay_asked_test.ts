/** Replays of events with lookups at Stripe, and of quarantined events. */
import { expect } from "chai";

import { eventually, runCli } from "#testing/mod.ts";
import { inDays, useResource, useBilling } from "../testing/billing.ts";
import { basilInvoice, eventAround, freshId, olderInvoice, type TestEvent } from "../testing/deliveries.ts";
import { StripeServer, testApiKey } from "../testing/stripe_server.ts";

describe("the replay of events with lookups at Stripe", function () {
  this.timeout(60_000);
  const stripe = useResource(() => StripeServer.start(), true);
  const billing = useBilling({
    each: true,
    variables: () => ({ STRIPE_API_BASE: stripe().url, STRIPE_API_KEY: testApiKey }),
  });
  const asking = (id: string) => billing.jobsOf(id).where({ job: "billing.ask-stripe" });
  /** A paid invoice whose lines are only at Stripe, not in its event. */
  const shortened = (): TestEvent => {
    const invoice = basilInvoice({ hotelId: billing.hotel.hotelId, periodEnd: inDays(80) });
    const { data } = invoice["lines"] as { data: object[] };
    const lines = data.map((line, at) => ({ ...line, id: `il_${at}` }));
    // The subscription's metadata names the hotel, so the event does not need its lines for that.
    stripe().add({ ...invoice, lines: { object: "list", data: lines } });
    return eventAround("invoice.paid", { ...invoice, lines: { object: "list", data: [], has_more: true } });
  };

  it("A replay uses the stored answer and does not ask Stripe", async () => {
    const event = shortened();
    await billing.send(event);
    await billing.settle();
    expect(await billing.rowOf(event.id)).to.include({ status: "applied", hotel_id: billing.hotel.hotelId });
    const before = await billing.state();
    const { length } = stripe().requests;
    expect((await billing.cli("replay", "--all")).out).to.include("The ledger and every valid_to are unchanged.");
    expect((await billing.cli("replay", event.id)).code).to.equal(0);
    await billing.settle();
    expect(await billing.state()).to.equal(before);
    expect(stripe().requests).to.have.length(length);
  });

  it("A replay asks Stripe again if the lookup's job is dead, and the event is listed as dead", async () => {
    stripe().trouble({ kind: "error" }, { times: 100 });
    const event = shortened();
    await billing.send(event);
    await eventually(async () => ((await asking(event.id).where("failures", ">", 0)).length === 1 ? true : undefined));
    await asking(event.id).update({ dead_at: billing.owner.fn.now(), attempts: 10 });
    const listed = await billing.cli("events", "--status", "dead");
    expect(listed.out).to.include(`  dead      invoice.paid  ${event.id}  (lines)`).and.include("1 event\n");
    expect(listed.out).to.include(`Stripe did not answer for ${event.id}`);

    stripe().calm();
    // A replay of all events also asks Stripe; its dry run does not.
    expect((await billing.cli("replay", "--all", "--dry-run")).out).to.include("1 waiting");
    expect((await asking(event.id)).map(({ dead_at }) => dead_at)).not.to.include(null);
    expect((await billing.cli("replay", "--failed")).out).to.include(`${event.id} (invoice.paid) is waiting (lines)`);
    await eventually(async () => ((await billing.rowOf(event.id)).status === "applied" ? true : undefined), 10_000);
    await billing.settle();
    expect(await asking(event.id)).to.deep.equal([]);
  });

  it("A replay of all events asks once for what Stripe has not answered and no later event supplies", async () => {
    const event = shortened();
    const refund = eventAround("refund.created", {
      id: freshId("re"),
      object: "refund",
      amount: 100,
      currency: "eur",
      charge: freshId("ch"),
      status: "succeeded",
    });
    const { charge } = refund.data.object;
    const invoice = olderInvoice({ hotelId: billing.hotel.hotelId, periodEnd: inDays(20) });
    const paying = eventAround("invoice.paid", { ...invoice, charge });
    // The state of a platform without a key: Stripe is not asked.
    const rows = [refund, event, paying].map(({ id, type, ...rest }, at) => ({
      event_id: id,
      type,
      body: JSON.stringify({ id, type, ...rest }),
      received_at: new Date(Date.UTC(2026, 0, 1, 0, 0, at)),
      status: "waiting",
    }));
    await billing.owner("billing.stripe_events").insert(rows);
    expect((await billing.cli("replay", "--all")).out).to.include("2 applied, 1 waiting.");
    await eventually(async () => ((await billing.rowOf(event.id)).status === "applied" ? true : undefined), 10_000);
    await billing.settle();
    expect((await billing.rowOf(refund.id)).fetched).to.equal(null);
    expect(stripe().requests.map(({ path }) => path.split("/").at(-1))).to.deep.equal(["lines"]);
  });

  it("A quarantined event remains so until an operator names it and the key is of its mode", async () => {
    const paid = basilInvoice({ hotelId: billing.hotel.hotelId, periodEnd: inDays(50) });
    const event = { ...eventAround("invoice.paid", paid), livemode: true };
    await billing.send(event);
    expect((await billing.cli("replay", "--all")).out).to.include("0 events applied into empty tables: 1 quarantined.");
    expect((await billing.cli("events", "--status", "quarantined")).out).to.include(event.id);
    expect((await billing.cli("replay", event.id)).out).to.include("is quarantined (livemode)");
    const live = { ...billing.platform.variables, STRIPE_API_KEY: "sk_live_of_the_same_account" };
    expect((await runCli(live, "billing", "replay", event.id)).out).to.include(
      `is applied for hotel ${billing.hotel.hotelId}`,
    );
  });
});
