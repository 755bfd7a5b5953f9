import { expect } from "chai";

import { boot, type Platform } from "../../../core/boot.ts";
import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { openDesk } from "../../pms/testing/desk.ts";

describe("scheduled reports", () => {
  let platform: TestPlatform;
  let worker: Platform;
  before(async () => {
    platform = await startTestPlatform({ worker: false, variables: { TRIAL_SCHEDULES: "50" } });
    worker = await boot("worker", platform.variables);
  });
  after(async () => {
    await worker.close();
    await platform.close();
  });

  const tick = async (): Promise<void> => {
    const due = worker.schedules.find(({ schedule: { name } }) => name === "ask-due-reports");
    await due?.schedule.run(new AbortController().signal);
  };
  const makeDue = (hotelId: string) =>
    platform.owner.raw(
      "UPDATE reporting.schedules SET next_run_at = next_run_at - interval '1 day' WHERE hotel_id = ?",
      [hotelId],
    );

  it("A due schedule requests one report of the day before, and then waits for the next night", async () => {
    const desk = await openDesk(platform);
    const made = await desk.manage("POST", "/reports/schedules", { kind: "occupancy", every: "night" });
    expect(made.status, made.text).to.equal(201);
    expect(made.body).to.deep.include({ kind: "occupancy", every: "night", at: "05:00", options: {} });
    await tick();
    expect((await desk.manage("GET", "/reports")).body.items, "not yet").to.deep.equal([]);
    await makeDue(desk.hotelId);
    const due = (await desk.manage("GET", "/reports/schedules")).body.items[0].next_run_at as string;
    await Promise.all([tick(), tick(), tick()]);
    const { items } = (await desk.manage("GET", "/reports")).body;
    expect(items).to.have.length(1);
    const dayBefore = new Date(Date.parse(due) - 86_400_000).toISOString().slice(0, 10);
    expect(items[0]).to.deep.include({ kind: "occupancy", request: { from: dayBefore, to: dayBefore } });
    const [after] = (await desk.manage("GET", "/reports/schedules")).body.items;
    expect(after).to.include({ schedule_id: made.body.schedule_id, last_report_id: items[0].report_id });
    expect(Date.parse(after.next_run_at as string)).to.be.greaterThan(Date.now());
  });

  it("Missed nights are made up for, each with its own day, except those of long ago", async () => {
    const desk = await openDesk(platform);
    await desk.manage("POST", "/reports/schedules", { kind: "occupancy", every: "night", at: "12:00" });
    const scheduled = async () =>
      (await desk.manage("GET", "/reports/schedules")).body.items[0] as { next_run_at: string };
    const next = (await scheduled()).next_run_at;
    const dayBefore = (days: number): string => new Date(Date.parse(next) - days * 86_400_000).toISOString();
    const reported = async (): Promise<string[]> =>
      (await desk.manage("GET", "/reports")).body.items.map((item: { request: { from: string } }) => item.request.from);
    const setDue = (at: string) =>
      platform.owner("reporting.schedules").where({ hotel_id: desk.hotelId }).update({ next_run_at: at });
    const nightOf = (instant: string): string => {
      const berlin = new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Berlin", dateStyle: "short" });
      return berlin.format(new Date(Date.parse(instant) - 86_400_000));
    };
    await setDue(dayBefore(3));
    for (let minute = 0; minute < 5; minute += 1) await tick();
    expect(await reported()).to.deep.equal([1, 2, 3].map((days) => nightOf(dayBefore(days))));
    expect((await scheduled()).next_run_at).to.equal(next);
    await platform.owner("reporting.reports").where({ hotel_id: desk.hotelId }).delete();
    await setDue(dayBefore(300));
    for (let minute = 0; minute < 9; minute += 1) await tick();
    expect(await reported()).to.deep.equal([1, 2, 3, 4, 5, 6, 7].map((days) => nightOf(dayBefore(days))));
    expect((await scheduled()).next_run_at).to.equal(next);
  });

  it("A schedule accepts the options of its kind, and refuses unknown ones", async () => {
    const desk = await openDesk(platform);
    const schedule = (options: object) =>
      desk.manage("POST", "/reports/schedules", { kind: "bookings", every: "month", at: "06:30", options });
    expect((await schedule({ by: "departure", status: ["checked_out"] })).status).to.equal(201);
    const unknown = await schedule({ bye: "departure" });
    expect([unknown.status, unknown.body.code]).to.deep.equal([400, "VALIDATION_FAILED"]);
    const days = await schedule({ from: "2030-01-01" });
    expect(days.body.errors[0]).to.include({ pointer: "/options/from" });
    await platform.owner.raw(
      "UPDATE reporting.schedules SET next_run_at = now() - interval '1 minute' WHERE hotel_id = ?",
      [desk.hotelId],
    );
    await tick();
    const { items } = (await desk.manage("GET", "/reports")).body;
    expect(items[0].request).to.deep.include({ by: "departure", status: ["checked_out"] });
  });

  describe("failing schedules", () => {
    const scheduleRow = (hotelId: string) =>
      platform.owner("reporting.schedules").where({ hotel_id: hotelId }).first("next_run_at", "failures", "retry_at");

    it("Failing schedules do not stop the others, however many fail, and wait longer each time", async () => {
      const [bad, good] = [await openDesk(platform), await openDesk(platform)];
      for (const desk of [bad, good]) {
        await desk.manage("POST", "/reports/schedules", { kind: "occupancy", every: "night" });
        await makeDue(desk.hotelId);
      }
      // More schedules than one page of a round, all due before the good one.
      await platform.owner.raw(
        `INSERT INTO reporting.schedules (hotel_id, schedule_id, kind, options, every, at, next_run_at, created_by)
         SELECT hotel_id, gen_random_uuid(), kind, options, every, at, next_run_at - interval '1 hour', created_by
         FROM reporting.schedules, generate_series(1, 210) WHERE hotel_id = ?`,
        [bad.hotelId],
      );
      await platform.owner("identity.hotels").where({ hotel_id: bad.hotelId }).update({ time_zone: "Nowhere/Land" });
      const failuresOfBad = () =>
        platform.owner("reporting.schedules").where({ hotel_id: bad.hotelId }).distinct("failures").pluck("failures");
      await tick();
      expect((await good.manage("GET", "/reports")).body.items).to.have.length(1);
      expect(await failuresOfBad()).to.deep.equal([1]);
      await tick();
      expect(await failuresOfBad(), "they wait").to.deep.equal([1]);
      for (const [failures, minutes] of [
        [1, 2],
        [4, 16],
        [1000, 60],
      ] as const) {
        const past = new Date(Date.now() - 1000);
        const rows = platform.owner("reporting.schedules").where({ hotel_id: bad.hotelId });
        await rows.update({ failures, retry_at: past });
        const before = Date.now();
        await tick();
        const wait = Number((await scheduleRow(bad.hotelId)).retry_at) - minutes * 60_000;
        expect(wait, `after ${failures}`).to.be.within(before, Date.now());
      }
      await platform.owner("reporting.schedules").where({ hotel_id: bad.hotelId }).delete();
    });

    it("A schedule runs as soon as the hotel has room for a report, and its waits begin again", async () => {
      const desk = await openDesk(platform);
      await desk.manage("POST", "/reports/schedules", { kind: "occupancy", every: "night" });
      await makeDue(desk.hotelId);
      for (let day = 1; day <= 10; day += 1) {
        const date = `2030-01-${String(day).padStart(2, "0")}`;
        const asked = await desk.manage("POST", "/reports/occupancy", { from: date, to: date });
        expect(asked.status, asked.text).to.equal(202);
      }
      await tick();
      expect(await scheduleRow(desk.hotelId)).to.include({ failures: 1 });
      await platform.owner("reporting.reports").where({ hotel_id: desk.hotelId }).delete();
      await platform
        .owner("reporting.schedules")
        .where({ hotel_id: desk.hotelId })
        .update({ retry_at: new Date(Date.now() - 1000) });
      await tick();
      expect((await desk.manage("GET", "/reports")).body.items).to.have.length(1);
      expect(await scheduleRow(desk.hotelId)).to.include({ failures: 0, retry_at: null });
    });
  });

  it("A deleted schedule never runs, and a hotel has at most twenty, which only managers can use", async () => {
    const desk = await openDesk(platform);
    const body = { kind: "revenue", every: "night" };
    const refused = await platform.client.post("/reports/schedules", body, { token: desk.receptionistToken });
    expect(refused.status).to.equal(403);
    const first = await desk.manage("POST", "/reports/schedules", body);
    const more = await Promise.all(Array.from({ length: 30 }, () => desk.manage("POST", "/reports/schedules", body)));
    expect(more.filter(({ status }) => status === 201)).to.have.length(19);
    expect((await desk.manage("POST", "/reports/schedules", body)).body.code).to.equal("TOO_MANY_SCHEDULES");
    const path = `/reports/schedules/${first.body.schedule_id}`;
    expect((await desk.manage("DELETE", path)).status).to.equal(204);
    expect((await desk.manage("DELETE", path)).status).to.equal(404);
    expect((await desk.manage("GET", "/reports/schedules?limit=200")).body.items).to.have.length(19);
  });
});
