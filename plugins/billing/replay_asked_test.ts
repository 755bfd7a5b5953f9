/** A replay of events that Stripe had to be asked about, and of those that are in quarantine. */
import { expect } from "chai";

import { type CliResult, runCli } from "../../workers/testing/command_line.ts";
import {
  eventually,
  signUpHotel,
  startTestPlatform,
  type TestHotel,
  type TestPlatform,
} from "../../workers/testing/platform.ts";
import { basilInvoice, deliver, eventAround, freshId, olderInvoice, type TestEvent } from "./testing/deliveries.ts";
import { isSettled, stateText } from "./testing/state.ts";
import { StripeServer, testApiKey } from "./testing/stripe_server.ts";

const inDays = (days: number) => Math.floor(Date.now() / 1000) + days * 86_400;

describe("the replay of events that Stripe was asked about", function () {
  this.timeout(60_000);
  let stripe: StripeServer;
  let platform: TestPlatform;
  let hotel: TestHotel;
  const cli = (...args: string[]): Promise<CliResult> => runCli(platform.variables, "billing", ...args);
  const settle = () => eventually(() => isSettled(platform.owner), 20_000);
  const rowOf = (id: string) => platform.owner("billing.stripe_events").where({ event_id: id }).first();
  const asking = (id: string) =>
    platform.owner("core.outbox").where({ job: "billing.ask-stripe" }).whereRaw("payload->>'event_id' = ?", [id]);
  const send = async (event: TestEvent): Promise<void> => {
    expect((await deliver(platform.client, event)).status).to.equal(200);
  };
  /** A paid invoice of which Stripe knows the lines, and its event none of them. */
  const shortened = (): TestEvent => {
    const invoice = basilInvoice({ hotelId: hotel.hotelId, periodEnd: inDays(80) });
    const { data } = invoice["lines"] as { data: object[] };
    const lines = data.map((line, at) => ({ ...line, id: `il_${at}` }));
    // The subscription's metadata name the hotel: the event must not need its lines for that.
    stripe.add({ ...invoice, lines: { object: "list", data: lines } });
    return eventAround("invoice.paid", { ...invoice, lines: { object: "list", data: [], has_more: true } });
  };

  beforeEach(async () => {
    stripe = await StripeServer.start();
    platform = await startTestPlatform({ variables: { STRIPE_API_BASE: stripe.url, STRIPE_API_KEY: testApiKey } });
    hotel = await signUpHotel(platform.client);
  });
  afterEach(async () => {
    await platform.close();
    await stripe.close();
  });

  it("takes the answer that is kept with the event, and asks nobody", async () => {
    const event = shortened();
    await send(event);
    await settle();
    expect(await rowOf(event.id)).to.include({ status: "applied", hotel_id: hotel.hotelId });
    const before = await stateText(platform.owner);
    const { length } = stripe.requests;
    expect((await cli("replay", "--all")).out).to.include("The ledger and every valid_to are what they were.");
    expect((await cli("replay", event.id)).code).to.equal(0);
    await settle();
    expect(await stateText(platform.owner)).to.equal(before);
    expect(stripe.requests).to.have.length(length);
  });

  it("has Stripe asked again where the job that asked is dead, which is told as a dead event", async () => {
    stripe.trouble({ kind: "error" }, { times: 100 });
    const event = shortened();
    await send(event);
    await eventually(async () => ((await asking(event.id).where("failures", ">", 0)).length === 1 ? true : undefined));
    await asking(event.id).update({ dead_at: platform.owner.fn.now(), attempts: 10 });
    const listed = await cli("events", "--status", "dead");
    expect(listed.out).to.include(`  dead      invoice.paid  ${event.id}  (lines)`).and.include("1 event\n");
    expect(listed.out).to.include(`Stripe did not answer for ${event.id}`);

    stripe.calm();
    // A replay of everything asks too; its dry run does not.
    expect((await cli("replay", "--all", "--dry-run")).out).to.include("1 waiting");
    expect((await asking(event.id)).map(({ dead_at }) => dead_at)).not.to.include(null);
    expect((await cli("replay", "--failed")).out).to.include(`${event.id} (invoice.paid) is waiting (lines)`);
    await eventually(async () => ((await rowOf(event.id)).status === "applied" ? true : undefined), 10_000);
    await settle();
    expect(await asking(event.id)).to.deep.equal([]);
  });

  it("of everything asks once for what nobody has answered, and not for what a later event tells", async () => {
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
    const invoice = olderInvoice({ hotelId: hotel.hotelId, periodEnd: inDays(20) });
    const paying = eventAround("invoice.paid", { ...invoice, charge });
    // As a platform without a key leaves them: nobody asks.
    const rows = [refund, event, paying].map(({ id, type, ...rest }, at) => ({
      event_id: id,
      type,
      body: JSON.stringify({ id, type, ...rest }),
      received_at: new Date(Date.UTC(2026, 0, 1, 0, 0, at)),
      status: "waiting",
    }));
    await platform.owner("billing.stripe_events").insert(rows);
    expect((await cli("replay", "--all")).out).to.include("2 applied, 1 waiting.");
    await eventually(async () => ((await rowOf(event.id)).status === "applied" ? true : undefined), 10_000);
    await settle();
    expect((await rowOf(refund.id)).fetched).to.equal(null);
    expect(stripe.requests.map(({ path }) => path.split("/").at(-1))).to.deep.equal(["lines"]);
  });

  it("leaves what is in quarantine there, until it is named and the key is of its world", async () => {
    const paid = basilInvoice({ hotelId: hotel.hotelId, periodEnd: inDays(50) });
    const event = { ...eventAround("invoice.paid", paid), livemode: true };
    await send(event);
    expect((await cli("replay", "--all")).out).to.include("0 events applied into empty tables: 1 quarantined.");
    expect((await cli("events", "--status", "quarantined")).out).to.include(event.id);
    expect((await cli("replay", event.id)).out).to.include("is quarantined (livemode)");
    const live = { ...platform.variables, STRIPE_API_KEY: "sk_live_of_the_same_account" };
    expect((await runCli(live, "billing", "replay", event.id)).out).to.include(`is applied for hotel ${hotel.hotelId}`);
  });
});
