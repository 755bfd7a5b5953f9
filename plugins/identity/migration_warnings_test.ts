import { expect } from "chai";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import pino from "pino";

import { findAllPlugins } from "../../core/boot.ts";
import { pluginsFolder } from "../../core/plugin/discovery.ts";
import { migrate } from "../../core/db/migrate/migrate.ts";
import { logMigrationWarnings } from "../../core/db/migrate/migration_warnings.ts";
import { signUpHotel, startTestPlatform, type TestPlatform, testSecret } from "#testing/mod.ts";

describe("The warnings of migrate", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const logger = () => {
    const lines: { level: number; msg: string; plugin?: string }[] = [];
    return { lines, log: pino({ level: "warn" }, { write: (line: string) => lines.push(JSON.parse(line) as never) }) };
  };

  it("They name each hotel whose time zone is refused today, and the migration succeeds", async () => {
    const { plugins } = await findAllPlugins([pluginsFolder], undefined);
    const [good, short, fixed, unknown] = await Promise.all([1, 2, 3, 4].map(() => signUpHotel(platform.client)));
    const zones = [
      [short?.hotelId, "IST"],
      [fixed?.hotelId, "Etc/GMT+5"],
      [unknown?.hotelId, "Europe/Atlantis"],
    ] as const;
    for (const [hotelId, zone] of zones) {
      await platform.owner("identity.hotels").where({ hotel_id: hotelId }).update({ time_zone: zone });
    }
    const { lines, log } = logger();
    await migrate(platform.owner, plugins, testSecret, log);
    const warnings = lines.filter(({ plugin }) => plugin === "identity").map(({ msg }) => msg);
    expect(warnings).to.have.length(3);
    for (const [hotelId, zone] of zones) {
      expect(warnings.find((warning) => warning.includes(String(hotelId)))).to.include(`time zone ${zone},`);
    }
    expect(warnings.join("\n")).not.to.include(String(good?.hotelId));
  });

  it("A failed query of a warning is logged as missing and changes nothing", async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "keyrack-warnings-"));
    try {
      await mkdir(path.join(folder, "migrations"));
      const plugin = { manifest: { id: "faulty", summary: "" }, setup: () => ({}), folder };
      for (const select of [
        "SELECT (1 / 0)::text AS warning",
        "DELETE FROM identity.hotels RETURNING name AS warning",
      ]) {
        await writeFile(path.join(folder, "migrations", "warnings.sql"), select);
        const { lines, log } = logger();
        await logMigrationWarnings(platform.owner, [plugin], log);
        expect(lines).to.have.length(1);
        expect(lines[0]).to.include({ plugin: "faulty", msg: "could not read the rows that migrate warns about" });
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
