import { expect } from "chai";
import { randomUUID } from "node:crypto";
import { utimes } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import type { Knex } from "knex";

import { databaseFor } from "../../core/db/database.ts";
import { openPool } from "../../core/db/pool.ts";
import { folderStore } from "../../core/files/folder_store.ts";
import { createLogger } from "../../core/process/log.ts";
import { type FileStore, newId, type Schedule } from "../../core/mod.ts";
import { loginRole, urlAs } from "../../core/db/role_names.ts";
import { poisonRows, signUpHotel, startTestPlatform, type TestPlatform, testSecret } from "#testing/mod.ts";
import { expirySchedule } from "./expiry.ts";

describe("the expiry of reports in a store that refuses some files", () => {
  let platform: TestPlatform;
  let pool: Knex;
  let folder: string;
  let sweep: () => Promise<void>;
  const refused = new Set<string>();
  before(async () => {
    platform = await startTestPlatform({ worker: false });
    pool = openPool({ url: urlAs(platform.databaseUrl, loginRole, testSecret), max: 2, name: "test sweep" });
    folder = path.join(platform.variables["DATA_DIR"] as string, "reporting");
    const store = folderStore(folder);
    const files: FileStore = {
      write: (...of) => store.write(...of),
      read: (...of) => store.read(...of),
      list: () => store.list(),
      sweep: (ms) => store.sweep(ms),
      remove: (name) => (refused.has(name) ? Promise.reject(new Error("It is refused.")) : store.remove(name)),
    };
    const ctx = { db: databaseFor(pool, "reporting", true), files, log: createLogger("silent") };
    const schedule: Schedule = expirySchedule({
      ...ctx,
      env: { REPORT_TTL_HOURS: 168, REPORT_STORE: undefined, TRIAL_SCHEDULES: 5, TRIAL_REPORTS_PER_DAY: 200 },
    });
    sweep = () => schedule.run(new AbortController().signal);
  });
  after(async () => {
    await pool.destroy();
    await platform.close();
  });

  const write = async (name: string): Promise<string> => {
    await folderStore(folder).write(name, Readable.from(["booking_id\r\n"]));
    const past = new Date(Date.now() - 2 * 86_400_000);
    await utimes(path.join(folder, name), past, past);
    return name;
  };
  const stored = async (): Promise<string[]> => {
    const names: string[] = [];
    for await (const { name } of folderStore(folder).list()) names.push(name);
    return names;
  };

  it("A row that can't be changed in one hotel does not stop the others", async () => {
    const [poisoned, other] = [await signUpHotel(platform.client), await signUpHotel(platform.client)];
    for (const { hotelId: hotel_id } of [poisoned, other]) {
      const [id, forgotten] = [newId(), newId()];
      const [now, past] = [new Date(Date.now() - 1000), new Date("2020-01-01")];
      const report = { hotel_id, kind: "bookings", request: "{}", request_hash: Buffer.from("x"), file_name: "x.csv" };
      const row = { ...report, created_by: "test", finished_at: past };
      const whole = { file: await write(`${id}-1.csv`), bytes: 12, sha256: "00", rows_total: 0 };
      await platform
        .owner("reporting.reports")
        .insert({ ...row, ...whole, report_id: id, status: "succeeded", expires_at: now });
      await platform
        .owner("reporting.reports")
        .insert({ ...row, report_id: forgotten, status: "expired", expires_at: past });
    }
    const cure = await poisonRows(platform.owner, ["reporting.reports"], { column: "hotel_id", id: poisoned.hotelId });
    try {
      await sweep();
      const statesOf = (hotel_id: string) =>
        platform.owner("reporting.reports").where({ hotel_id }).orderBy("status").pluck<string[]>("status");
      expect(await statesOf(other.hotelId)).to.deep.equal(["expired"]);
      expect(await statesOf(poisoned.hotelId)).to.deep.equal(["expired", "succeeded"]);
    } finally {
      await cure();
      await platform.owner("reporting.reports").delete();
    }
  });

  it("A round begins after the faults that ended the last one, and a later round returns to them", async () => {
    const { hotelId } = await signUpHotel(platform.client);
    const names: string[] = [];
    for (let count = 0; count < 8; count += 1) {
      const id = `00000000-0000-7000-8000-00000000000${count}`;
      names.push(await write(`${id}-1.csv`));
      const past = new Date(Date.now() - 1000);
      await platform.owner("reporting.reports").insert({
        hotel_id: hotelId,
        report_id: id,
        kind: "bookings",
        status: "succeeded",
        request: "{}",
        request_hash: Buffer.from(id),
        file_name: "bookings.csv",
        file: names.at(-1),
        bytes: 12,
        sha256: "00",
        rows_total: 0,
        created_by: "test",
        finished_at: past,
        expires_at: past,
      });
    }
    for (const name of names.slice(0, 6)) refused.add(name);
    const first = await sweep().then(
      () => undefined,
      (error: Error) => error.message,
    );
    expect(first, "five faults end the round").to.equal("It is refused.");
    await sweep();
    expect(await stored()).to.have.members(names.slice(0, 6));
    refused.clear();
    await sweep();
    expect(await stored()).to.deep.equal([]);
  });

  it("A file that can't be removed does not stop the removal of other orphans", async () => {
    const names: string[] = [];
    for (let count = 0; count < 12; count += 1) names.push(await write(`${randomUUID()}-1.csv.gz`));
    const kept = (await stored()).slice(0, 7);
    for (const name of kept) refused.add(name);
    await sweep();
    expect(await stored()).to.have.members(kept);
  });
});
