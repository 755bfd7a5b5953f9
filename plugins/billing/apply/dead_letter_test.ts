/**
 * An event that can't be applied must not block others. It is retried with growing pauses and is then dead, where an
 * operator sees it.
 */
import { expect } from "chai";

import { boot } from "../../../core/boot.ts";
import { newId } from "../../../core/values/ids.ts";
import { work } from "../../../workers/main.ts";
import { type CliResult, eventually, onBothStores, runCli, type TestHotel } from "#testing/mod.ts";
import { inDays, iso, useBilling } from "../testing/billing.ts";
import { basilInvoice, deliver, eventAround, freshId, type TestEvent } from "../testing/deliveries.ts";

onBothStores("an event that can't be applied", (store) => {
  const billing = useBilling({ store });
  let hotel: TestHotel;
  const poison = eventAround("invoice.paid", {
    id: "an unreadable invoice",
    currency: "eur",
    amount_paid: "none",
  });
  const cli = (...args: string[]): Promise<CliResult> => runCli(billing.platform.variables, ...args);
  const paidEvent = (days: number): TestEvent =>
    eventAround("invoice.paid", basilInvoice({ hotelId: hotel.hotelId, periodEnd: inDays(days) }));
  const metric = async (series: string): Promise<string | undefined> => {
    const { text } = await billing.platform.client.get("/metrics");
    return text
      .split("\n")
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length + 1);
  };

  // All tests share one event: each continues where the last one has ended.
  before(async () => {
    hotel = await billing.signUp();
  });

  it("The events before, with and after the failing event are applied", async () => {
    const good = Array.from({ length: 60 }, (_, at) => paidEvent(at + 1));
    const all = [...good.slice(0, 20), poison, ...good.slice(20)];
    const answers = await Promise.all(all.map((event) => deliver(billing.platform.client, event)));
    expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([200]));
    await eventually(async () => {
      const applied = await billing.owner("billing.stripe_events").where({ status: "applied" });
      return applied.length === good.length ? true : undefined;
    }, 20_000);
    expect(await billing.rowOf(poison.id)).to.include({ status: "stored" });
    const body = await billing.view(hotel);
    expect(body.paid_until).to.equal(iso(inDays(60)));
  }).timeout(40_000);

  it("The job is tried ten times and is then dead", async () => {
    const dead = await eventually(async () => {
      // Shortens the pauses between the attempts.
      await billing.jobsOf(poison.id).whereNull("dead_at").update({ run_at: billing.owner.fn.now(), queued_at: null });
      const [job] = await billing.jobsOf(poison.id).whereNotNull("dead_at");
      return job as Record<string, unknown> | undefined;
    }, 30_000);
    expect(dead["failures"]).to.equal(10);
    expect(await billing.jobsOf(poison.id)).to.have.length(1);
  }).timeout(40_000);

  it("The metrics and the health of a web process show the dead event, and the process remains ready", async () => {
    await eventually(async () => ((await metric('keyrack_jobs_dead{queue="billing"}')) === "1" ? true : undefined));
    await eventually(async () => ((await metric('keyrack_billing_events{status="dead"}')) === "1" ? true : undefined));
    expect(await metric('keyrack_billing_events{status="waiting"}')).to.equal("0");
    expect(await metric('keyrack_jobs_dead{queue="reporting"}')).to.equal("0");
    expect(await metric('keyrack_jobs_late_seconds{queue="billing"}')).to.equal("0");
    const { status, body } = await billing.platform.client.get("/health/ready");
    expect(status).to.equal(200);
    expect(body).to.deep.equal({ status: "ready", degraded: true });
  });

  it("The command line lists and shows the dead event with its error", async () => {
    const listed = await cli("billing", "events", "--status", "dead", "--since", "1h");
    expect(listed.out).to.include(`  dead      invoice.paid  ${poison.id}\n    10 failed: `).and.include("\n1 event\n");
    const shown = await cli("billing", "show", poison.id);
    expect(shown.out)
      .to.match(/^status: dead$/m)
      .and.match(/^last_error: /m)
      .and.include('"an unreadable invoice"');
    const jobs = await cli("jobs", "dead");
    expect(jobs.out).to.include("billing.apply-stripe-event  dead since ").and.include("1 dead.");
    expect([listed.code, shown.code, jobs.code]).to.deep.equal([0, 0, 0]);
  }).timeout(40_000);

  it("The job runs again when an operator requests it, and is dead again", async () => {
    expect(await cli("jobs", "retry", newId())).to.deep.include({ code: 1, out: "" });
    expect(await cli("jobs", "retry", "--dead")).to.deep.equal({ code: 0, out: "1 to be tried again.\n", err: "" });
    await eventually(async () => {
      const [job] = await billing.jobsOf(poison.id);
      return job !== undefined && job.failures > 0 && job.dead_at === null ? true : undefined;
    });
  }).timeout(40_000);

  it("The sweep leaves the dead event as it is, and enqueues stored events without a job", async () => {
    const lost = Array.from({ length: 3 }, () => paidEvent(90));
    const rows = lost.map((event) => ({ event_id: event.id, type: event.type, body: JSON.stringify(event) }));
    await billing.owner("billing.stripe_events").insert(rows);
    const jobsBefore = await billing.jobsOf(poison.id);
    // A worker's first sweep runs at its start, and the next ones every minute.
    const variables = { ...billing.platform.variables };
    const booted = await boot("worker", variables);
    const sweep = booted.schedules.find(({ schedule }) => schedule.name === "sweep")?.schedule;
    expect(sweep).to.include({ everyMs: 60_000 });
    const worker = await work(booted);
    try {
      await sweep?.run(new AbortController().signal);
      for (const { id } of lost)
        await eventually(async () => ((await billing.rowOf(id)).status === "applied" ? true : undefined));
      expect((await billing.jobsOf(poison.id)).map(({ job_id }) => job_id)).to.deep.equal(
        jobsBefore.map(({ job_id }) => job_id),
      );
    } finally {
      await worker.close();
    }
  }).timeout(40_000);

  it("The list filters by status, type, hotel and time", async () => {
    await deliver(billing.platform.client, eventAround("customer.updated", { id: freshId("cus"), object: "customer" }));
    await eventually(async () => {
      const [row] = await billing.owner("billing.stripe_events").where({ status: "ignored" });
      return row as object | undefined;
    });
    const lists = await Promise.all([
      cli("billing", "events", "--status", "ignored"),
      cli("billing", "events", "--type", "invoice.*", "--hotel", hotel.hotelId, "--limit", "5"),
      cli("billing", "events", "--since", "2100-01-01"),
    ]);
    const [ignored, ofHotel, future] = lists.map(({ out }) => out.trimEnd().split("\n"));
    expect(ignored).to.have.length(2);
    expect(ignored?.[0]).to.include("  ignored   customer.updated  ").and.include("(type)");
    expect(ofHotel).to.have.length(6);
    expect(ofHotel?.[0]).to.include(`hotel ${hotel.hotelId}`);
    expect(ofHotel?.[5]).to.equal("5 events (the newest; use --limit to list more)");
    expect(future).to.deep.equal(["0 events"]);
  }).timeout(60_000);
});
