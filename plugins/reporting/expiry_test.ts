import { expect } from "chai";
import { randomUUID } from "node:crypto";
import { utimes } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";

import { boot, type Platform } from "../../core/boot.ts";
import { folderStore } from "../../core/files/folder_store.ts";
import { s3Store } from "../../core/files/s3/store.ts";
import type { FileStore } from "../../core/mod.ts";
import { startS3, type TestS3 } from "../../testing/s3/s3.ts";
import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { furnishHotel, type FurnishedHotel } from "../pms/testing/hotel.ts";

/** A store, and a function that makes a file in it older. */
interface Store {
  readonly files: FileStore;
  age(name: string): Promise<void>;
}

const twoDaysAgo = (): Date => new Date(Date.now() - 2 * 86_400_000);

for (const kind of ["a folder", "S3"]) {
  describe(`the expiry of reports in ${kind}`, () => {
    let s3: TestS3 | undefined;
    let platform: TestPlatform;
    let worker: Platform;
    let hotel: FurnishedHotel;
    let store: Store;
    before(async function () {
      this.timeout(60_000);
      s3 = kind === "S3" ? await startS3() : undefined;
      platform = await startTestPlatform({ worker: false, variables: { ...s3?.variables } });
      worker = await boot("worker", platform.variables);
      hotel = await furnishHotel(platform.client);
      const folder = path.join(platform.variables["DATA_DIR"] as string, "reporting");
      const inS3 = s3;
      store =
        inS3 === undefined
          ? { files: folderStore(folder), age: (name) => utimes(path.join(folder, name), twoDaysAgo(), twoDaysAgo()) }
          : { files: s3Store(inS3.settings), age: (name) => inS3.ageFile(name, twoDaysAgo()) };
    });
    after(async () => {
      await worker.close();
      await platform.close();
      await s3?.close();
    });

    const sweep = async (signal = new AbortController().signal): Promise<void> => {
      const found = worker.schedules.find(({ schedule }) => schedule.name === "expire");
      await found?.schedule.run(signal);
    };
    const write = async (name: string, old: boolean): Promise<string> => {
      await store.files.write(name, Readable.from(["booking_id\r\n"]));
      if (old) await store.age(name);
      return name;
    };
    const names = async (): Promise<string[]> => {
      const all: string[] = [];
      for await (const { name } of store.files.list()) all.push(name);
      return all.toSorted((one, other) => (one < other ? -1 : 1));
    };

    it("The expiry removes old orphans, and keeps young files, named files and files of other programs", async () => {
      const { body } = await platform.client.post("/reports/bookings", {}, { token: hotel.managerToken });
      const id = body.report_id as string;
      const kept = [
        await write(`${id}-2.csv`, true),
        await write(`${randomUUID()}-1.csv`, false),
        await write("somebody-elses.csv", true),
        await write("2026-1.csv", true),
      ];
      await platform
        .owner("reporting.reports")
        .where({ report_id: id })
        .update({ file: `${id}-2.csv` });
      await write(`${id}-1.csv`, true);
      for (let count = 0; count < 5; count += 1) await write(`${randomUUID()}-${count}.csv.gz`, true);
      expect(await names()).to.have.length(10);
      await sweep(AbortSignal.abort());
      expect(await names(), "of a worker that stops").to.have.length(10);
      await sweep();
      expect(await names()).to.have.members(kept);
    });

    it("The expiry finishes an interrupted deletion and continues with the others", async () => {
      const ask = async (from: string): Promise<string> =>
        (await platform.client.post("/reports/bookings", { from }, { token: hotel.managerToken })).body.report_id;
      const [deleted, expired] = [await ask("2026-01-01"), await ask("2026-01-02")];
      const ended = { status: "succeeded", bytes: 12, sha256: "00", rows_total: 0, finished_at: new Date() };
      const row = (id: string) => platform.owner("reporting.reports").where({ report_id: id });
      for (const id of [deleted, expired])
        await row(id).update({ ...ended, file: await write(`${id}-1.csv`, false), expires_at: new Date() });
      // Its process was killed before the file was gone.
      await row(deleted).update({ deleted_at: new Date(), expires_at: new Date(Date.now() + 60_000) });
      await sweep();
      expect(await row(deleted).first()).to.equal(undefined);
      expect(await row(expired).first()).to.include({ status: "expired", file: null });
      expect((await names()).filter((name) => name.startsWith(deleted) || name.startsWith(expired))).to.deep.equal([]);
    });

    it("The expiry removes the file of an expired report", async () => {
      const { body } = await platform.client.post(
        "/reports/bookings",
        { by: "departure" },
        { token: hotel.managerToken },
      );
      const id = body.report_id as string;
      const file = await write(`${id}-1.csv`, false);
      const row = platform.owner("reporting.reports").where({ report_id: id });
      const over = { status: "succeeded", file, bytes: 12, sha256: "00", rows_total: 0, finished_at: new Date() };
      await row.clone().update({ ...over, expires_at: new Date(Date.now() + 60_000) });
      await sweep();
      expect(await names()).to.include(file);
      await row.clone().update({ expires_at: new Date() });
      await sweep();
      expect(await names()).not.to.include(file);
      expect(await row.clone().first()).to.include({ status: "expired", file: null });
      await row.clone().update({ expires_at: new Date(Date.now() - 169 * 3_600_000) });
      await sweep();
      expect(await row.clone().first()).to.equal(undefined);
    });
  });
}
