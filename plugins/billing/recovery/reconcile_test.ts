import { expect } from "chai";

import { boot } from "../../../core/boot.ts";
import { runCli } from "#testing/mod.ts";
import { inDays, useResource, startSeconds, useBilling } from "../testing/billing.ts";
import { basilInvoice, deliver, eventAround, freshId, type TestEvent } from "../testing/deliveries.ts";
import { StripeServer, testApiKey } from "../testing/stripe_server.ts";

describe("the reconciliation with Stripe", function () {
  this.timeout(60_000);
  const stripe = useResource(() => StripeServer.start(), true);
  const billing = useBilling({
    each: true,
    variables: () => ({ STRIPE_API_BASE: stripe().url, STRIPE_API_KEY: testApiKey }),
  });
  const eventRows = (source: string) => billing.owner("billing.stripe_events").where({ source }).orderBy("event_id");
  const paidUntil = async (of = billing.hotel): Promise<number> =>
    Date.parse((await billing.view(of)).paid_until) / 1000;
  const paidEvent = (facts: Parameters<typeof basilInvoice>[0], created: number): TestEvent => ({
    ...eventAround("invoice.paid", basilInvoice(facts)),
    created,
  });
  /** A paid invoice at Stripe, with its subscription. */
  const addInvoice = (periodEnd: number, subscriptionId: string, hotelId?: string) => {
    const invoice = basilInvoice({
      periodEnd,
      subscriptionId,
      ...(hotelId && { hotelId }),
      customerId: `cus_of_${subscriptionId}`,
    });
    stripe().add({ ...invoice, created: startSeconds, livemode: false });
    stripe().add({
      id: subscriptionId,
      object: "subscription",
      created: startSeconds,
      status: "canceled",
      customer: `cus_of_${subscriptionId}`,
      metadata: hotelId === undefined ? {} : { hotel_id: hotelId },
    });
    return invoice as unknown as { id: string; lines: { data: object[] } };
  };

  it("Missing undelivered events of the last 30 days are stored once, and a worker applies them", async () => {
    const ids = { customerId: freshId("cus"), subscriptionId: freshId("sub") };
    stripe().add({ id: ids.subscriptionId, object: "subscription", created: startSeconds, customer: "", metadata: {} });
    const events = Array.from({ length: 230 }, (_, at) =>
      paidEvent({ hotelId: billing.hotel.hotelId, ...ids, periodEnd: inDays(30) + at }, startSeconds - 60 - at),
    );
    const [here, ...missing] = events as [TestEvent, ...TestEvent[]];
    expect((await deliver(billing.platform.client, here)).status).to.equal(200);
    await billing.settle();
    stripe().addUndelivered(
      ...events,
      paidEvent({ hotelId: billing.hotel.hotelId, periodEnd: inDays(900) }, inDays(-31)),
    );
    stripe().trouble({ kind: "rate_limit", retryAfterSeconds: 1 }, { path: /events/ });
    stripe().trouble({ kind: "error" }, { path: /events/ });
    stripe().trouble({ kind: "cut" }, { path: /events/ });

    const before = await billing.state();
    const dry = await billing.cli("reconcile", "--dry-run");
    expect(dry.err).to.include("undelivered events: 230, done");
    expect(dry.out).to.include(`${missing[0]?.id}  invoice.paid of `).and.include("  would be stored\n");
    expect(dry.out).to.include(
      "Stripe lists: undelivered events 230, subscriptions 1, paid invoices 0. Would be stored: 229.",
    );
    expect(await billing.state()).to.equal(before);

    const { code, out } = await billing.cli("reconcile");
    expect(out).to.include("Stored for a worker to apply: 229.");
    expect(code).to.equal(0);
    await billing.settle();
    expect((await eventRows("events_list")).map(({ event_id }) => event_id)).to.have.members(
      missing.map(({ id }) => id),
    );
    expect(await eventRows("events_list")).to.satisfy((rows: { status: string }[]) =>
      rows.every(({ status }) => status === "applied"),
    );
    expect(await paidUntil()).to.equal(inDays(30) + 229);

    // Stripe still tries to deliver the events that the reconciliation found.
    expect((await deliver(billing.platform.client, missing[3] as TestEvent)).status).to.equal(200);
    expect((await billing.cli("reconcile")).out).to.include("Stored for a worker to apply: 0.");
    // The text that we stored differs from the text that Stripe signs. It is not another body under the same id.
    expect(await billing.owner("billing.conflicting_deliveries")).to.deep.equal([]);
  });

  it("Missing paid invoices of each subscription are stored as events with their own source", async () => {
    const { hotelId } = billing.hotel;
    const [known, unheard, foreign] = [freshId("sub"), freshId("sub"), freshId("sub")];
    const first = paidEvent({ hotelId, subscriptionId: known, periodEnd: inDays(10) }, startSeconds);
    await deliver(billing.platform.client, first);
    await billing.settle();
    stripe().add({ ...first.data.object, created: startSeconds });
    const second = addInvoice(inDays(40), known);
    // No event of this subscription has arrived. Its last line, the twelfth, determines the paid period.
    const other = await billing.signUp();
    const long = addInvoice(inDays(70), unheard, other.hotelId);
    const [last, ...rest] = long.lines.data;
    long.lines.data = [...Array.from({ length: 11 }, () => rest[0] as object), last as object].map((line, at) => ({
      ...line,
      id: `il_${at}`,
    }));
    addInvoice(inDays(99), foreign);

    const { code, out } = await billing.cli("reconcile");
    expect(out).to.include(`reconciled_${second.id}  invoice ${second.id} of ${known}  stored`);
    expect(out).to.include("undelivered events 0, subscriptions 2, paid invoices 3. Stored for a worker to apply: 2.");
    expect(code).to.equal(0);
    await billing.settle();
    const rows = await eventRows("invoices_list");
    expect(rows.map(({ event_id }) => event_id)).to.have.members([`reconciled_${second.id}`, `reconciled_${long.id}`]);
    expect(rows.map(({ status }) => status)).to.deep.equal(["applied", "applied"]);
    expect(JSON.parse(rows[0].body).reconciled).to.include({ from: "invoices.list" });
    expect(await paidUntil()).to.equal(inDays(40));
    expect(await paidUntil(other)).to.equal(inDays(70));
    expect((await billing.cli("events", "--type", "invoice.*", "--limit", "3")).out).to.include("[invoices_list]");

    expect((await billing.cli("reconcile")).out).to.include(
      "subscriptions 2, paid invoices 3. Stored for a worker to apply: 0.",
    );
    const before = await billing.state();
    expect((await billing.cli("replay", "--all")).code).to.equal(0);
    expect(await billing.state()).to.equal(before);
  });

  it("With --all-events it finds delivered events that were lost", async () => {
    const lost = paidEvent({ hotelId: billing.hotel.hotelId, periodEnd: inDays(25) }, startSeconds);
    stripe().add(lost);
    expect((await billing.cli("reconcile")).out)
      .to.include("undelivered events 0")
      .and.include("apply: 0.");
    expect((await billing.cli("reconcile", "--all-events")).out)
      .to.include("lists: events 1")
      .and.include("apply: 1.");
    await billing.settle();
    expect(await paidUntil()).to.equal(inDays(25));
  });

  it("An unknown subscription and an unreadable event are reported, and the others are reconciled", async () => {
    await deliver(
      billing.platform.client,
      paidEvent({ hotelId: billing.hotel.hotelId, subscriptionId: "sub_gone", periodEnd: inDays(5) }, startSeconds),
    );
    await billing.settle();
    const subscription = freshId("sub");
    addInvoice(inDays(20), subscription, billing.hotel.hotelId);
    stripe().addUndelivered({ id: "evt_strange", object: "event", created: startSeconds, type: "NO TYPE", data: {} });
    const { code, out, err } = await billing.cli("reconcile");
    expect(out).to.include("sub_gone  is linked to a hotel here, and Stripe does not know it");
    expect(out).to.include("evt_strange  can't be read");
    expect(err).to.include("Could not read 1 object.");
    expect(code).to.equal(1);
    await billing.settle();
    expect(await paidUntil()).to.equal(inDays(20));
  });

  it("A subscription for which Stripe fails is reported; three failures in a row end the command", async () => {
    const ids = ["sub_a", "sub_b", "sub_c", "sub_d"];
    const invoices = ids.map((id, at) => addInvoice(inDays(20 + at), id, billing.hotel.hotelId));
    const refused = { kind: "error", status: 403 } as const;
    const path = /\/v1\/invoices$/;
    stripe().trouble(refused, { times: 1, path });
    const { code, out, err } = await billing.cli("reconcile");
    expect(out).to.include("sub_a  skipped, because Stripe failed: ").and.include("Stored for a worker to apply: 3.");
    expect(err).to.include("Skipped 1 subscription. Run the command again.");
    expect(code).to.equal(1);
    stripe().trouble(refused, { times: 3, path });
    const given = await billing.cli("reconcile");
    expect(given.out).to.equal("");
    expect(given.code).to.equal(1);
    stripe().calm();
    expect((await billing.cli("reconcile")).out).to.include(`reconciled_${invoices[0]?.id}  `);
    await billing.settle();
    expect(await paidUntil()).to.equal(inDays(23));
  });

  it("A paid invoice without an id is reported with its subscription, and the other invoices are stored", async () => {
    const known = addInvoice(inDays(20), "sub_a", billing.hotel.hotelId);
    const other = addInvoice(inDays(21), "sub_b", billing.hotel.hotelId);
    stripe().add({ ...stripe().get(known.id), id: undefined });
    const { code, out, err } = await billing.cli("reconcile");
    expect(out).to.include("sub_a  skipped, because Stripe failed: a paid invoice has no id");
    expect(out).to.include(`reconciled_${known.id}  `).and.include(`reconciled_${other.id}  `);
    expect(out).to.include("Stored for a worker to apply: 2.");
    expect(err).to.include("Skipped 1 subscription. Run the command again.");
    expect(code).to.equal(1);
  });

  it("The command ends with one sentence without a key, or if Stripe refuses the key", async () => {
    const refused = await runCli(
      { ...billing.platform.variables, STRIPE_API_KEY: "sk_test_of_somebody_else" },
      "billing",
      "reconcile",
    );
    expect(refused.err).to.match(/Invalid API Key provided: sk_test_\*\*\*\*else\n$/);
    expect(refused.code).to.equal(1);
    const { STRIPE_API_KEY: _, ...without } = billing.platform.variables as Record<string, string>;
    expect(await runCli(without, "billing", "reconcile")).to.deep.equal({
      code: 1,
      out: "",
      err: "STRIPE_API_KEY is not set.\n",
    });
  });

  it("It runs every night if a key is set, and two runs at the same time are safe", async () => {
    addInvoice(inDays(15), freshId("sub"), billing.hotel.hotelId);
    stripe().addUndelivered(paidEvent({ hotelId: billing.hotel.hotelId, periodEnd: inDays(12) }, startSeconds));
    const { STRIPE_API_KEY: _, ...without } = billing.platform.variables as Record<string, string>;
    const schedulesOf = async (variables: Readonly<Record<string, string>>) => {
      const booted = await boot("worker", variables);
      return { booted, schedules: booted.schedules.filter(({ pluginId }) => pluginId === "billing") };
    };
    const [keyed, keyless] = [await schedulesOf(billing.platform.variables), await schedulesOf(without)];
    try {
      expect(keyless.schedules.map(({ schedule }) => schedule.name)).to.deep.equal([
        "sweep",
        "sweep-waiting",
        "forget",
      ]);
      const nightly = keyed.schedules.find(({ schedule }) => schedule.name === "reconcile")?.schedule;
      expect(nightly).to.include({ cron: "17 3 * * *" });
      const { signal } = new AbortController();
      await Promise.all([nightly?.run(signal), nightly?.run(signal)]);
      await billing.settle();
      const rows = await billing.owner("billing.stripe_events").whereNot({ source: "webhook" });
      expect(rows.map(({ status }) => status)).to.deep.equal(["applied", "applied"]);
      expect(await paidUntil()).to.equal(inDays(15));
      await nightly?.run(AbortSignal.abort(new Error("The worker stops."))).then(
        () => expect.fail("The run did not stop."),
        (error: Error) => expect(error.message).to.equal("The worker stops."),
      );
    } finally {
      await keyed.booted.close();
      await keyless.booted.close();
    }
  });
});
