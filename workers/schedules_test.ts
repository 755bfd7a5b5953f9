import { expect } from "chai";

import { openPool } from "../core/db/pool.ts";
import { newId } from "../core/values/ids.ts";
import { createLogger } from "../core/process/log.ts";
import { loginRole, urlAs } from "../core/db/role_names.ts";
import { poisonRows } from "../testing/poison.ts";
import { testSecret } from "../testing/postgres.ts";
import { deleteOutdated } from "./schedules.ts";
import { startTestPlatform, type TestPlatform } from "../testing/platform.ts";

describe("The core's cleanup", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  it("The cleanup deletes outdated rows, and goes on after a table that fails", async () => {
    const { owner } = platform;
    const addCounts = () =>
      owner.raw("INSERT INTO core.rate_limits (key, points, expire) VALUES ('old', 1, 1), ('new', 1, 99999999999999)");
    const counts = () => owner("core.rate_limits").whereIn("key", ["old", "new"]).pluck("key");
    const pool = openPool({ url: urlAs(platform.databaseUrl, loginRole, testSecret), max: 1, name: "test tidy" });
    try {
      const nil = "00000000-0000-0000-0000-000000000000";
      const row = {
        tenant_id: nil,
        actor_id: nil,
        request_hash: Buffer.from("x"),
        status: 200,
        headers: "{}",
        body: "",
      };
      await owner("core.idempotency_keys").insert([
        { ...row, key: "old", created_at: new Date("2020-01-01") },
        { ...row, key: "new" },
      ]);
      const event = (event_id: string, daysAgo: number) =>
        owner.raw(
          `INSERT INTO core.audit_events (tenant_id, event_id, kind, last_at)
           VALUES (?, ?, 'pms.something_done', now() - make_interval(days => ?))`,
          [nil, event_id, daysAgo],
        );
      const [recent, old] = [newId(), newId()];
      await event(recent, 364);
      await event(old, 366);
      await addCounts();
      await deleteOutdated(pool, createLogger("silent"));
      expect(await owner("core.audit_events").pluck("event_id")).to.deep.equal([recent]);
      expect(await owner("core.idempotency_keys").pluck("key")).to.deep.equal(["new"]);
      expect(await counts()).to.deep.equal(["new"]);
      await owner("core.rate_limits").delete();
      await owner.raw("ALTER TABLE core.idempotency_keys RENAME COLUMN created_at TO made_at");
      await addCounts();
      await deleteOutdated(pool, createLogger("silent"));
      expect(await counts()).to.deep.equal(["new"]);
      await owner.raw("ALTER TABLE core.idempotency_keys RENAME COLUMN made_at TO created_at");
    } finally {
      await pool.destroy();
    }
  });

  it("The cleanup goes on with the other tenants if a row of one can't be deleted", async () => {
    const { owner } = platform;
    const pool = openPool({ url: urlAs(platform.databaseUrl, loginRole, testSecret), max: 1, name: "test tidy" });
    const [poisoned, other] = [newId(), newId()].sort() as [string, string];
    const old = new Date("2020-01-01");
    const answer = { actor_id: newId(), request_hash: Buffer.from("x"), status: 200, headers: "{}", body: "" };
    for (const tenant_id of [poisoned, other]) {
      await owner("core.idempotency_keys").insert({ ...answer, tenant_id, key: "old", created_at: old });
      await owner("core.audit_events").insert({ tenant_id, event_id: newId(), kind: "pms.done", last_at: old });
      await owner("core.daily_usage").insert({
        tenant_id,
        kind: "pms.bookings",
        day: "2020-01-01",
        used: 1,
      });
    }
    const tables = ["idempotency_keys", "audit_events", "daily_usage"].map((name) => `core.${name}`);
    const cure = await poisonRows(owner, tables, { column: "tenant_id", id: poisoned });
    try {
      await deleteOutdated(pool, createLogger("silent"));
      for (const table of tables) {
        const left = await owner(table).whereIn("tenant_id", [poisoned, other]).pluck<string[]>("tenant_id");
        expect(left, table).to.deep.equal([poisoned]);
      }
    } finally {
      await cure();
      await pool.destroy();
    }
  });
});
