import { expect } from "chai";
import type { Knex } from "knex";

import { queueRole } from "../role_names.ts";
import type { Logger } from "../../process/log.ts";
import { createTestDatabase, type TestDatabase } from "../../../testing/postgres.ts";
import { sqlStateOf } from "../database.ts";
import { revokeFromPublic } from "./revoke_public.ts";
import { openPool } from "../pool.ts";

const setConfig = "pg_catalog.set_config(text, text, boolean)";

describe("The default privileges of PostgreSQL", () => {
  let database: TestDatabase;
  let superuser: Knex;
  let owner: Knex;
  before(async () => {
    database = await createTestDatabase();
    superuser = openPool({ url: database.url, max: 1, name: "test superuser" });
    const url = new URL(database.url);
    await superuser.raw(
      "CREATE ROLE test_plain_owner LOGIN PASSWORD 'test'; ALTER DATABASE ?? OWNER TO test_plain_owner",
      [url.pathname.slice(1)],
    );
    url.username = "test_plain_owner";
    url.password = "test";
    owner = openPool({ url: url.href, max: 1, name: "test plain owner" });
  });
  after(async () => {
    await owner.destroy();
    await superuser.raw(
      "ALTER DATABASE ?? OWNER TO CURRENT_USER; DROP OWNED BY test_plain_owner; DROP ROLE test_plain_owner",
      [new URL(database.url).pathname.slice(1)],
    );
    await superuser.destroy();
    await database.drop();
  });

  interface Warning {
    readonly remedy: readonly string[];
  }
  const close = async (as: Knex): Promise<Warning[]> => {
    const warnings: Warning[] = [];
    await revokeFromPublic(as, { warn: (fields: Warning) => warnings.push(fields) } as unknown as Logger);
    return warnings;
  };
  const isOpen = async (): Promise<unknown> => {
    const { rows } = (await superuser.raw(
      `SELECT has_function_privilege('public', '${setConfig}', 'EXECUTE') AS set_config,
         has_language_privilege('public', 'plpgsql', 'USAGE') AS plpgsql`,
    )) as { rows: unknown[] };
    return rows[0];
  };
  const open = () =>
    superuser.raw(`GRANT EXECUTE ON FUNCTION ${setConfig} TO PUBLIC; GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC`);

  it("A superuser revokes them, and the queue's login keeps the one that BullMQ needs", async () => {
    await open();
    await superuser.raw(`REVOKE EXECUTE ON FUNCTION ${setConfig} FROM ${queueRole}`);
    expect(await close(superuser)).to.deep.equal([]);
    expect(await isOpen()).to.deep.equal({ set_config: false, plpgsql: false });
    const { rows } = (await superuser.raw("SELECT has_function_privilege(?, ?, 'EXECUTE') AS may", [
      queueRole,
      setConfig,
    ])) as { rows: unknown[] };
    expect(rows).to.deep.equal([{ may: true }]);
  });

  it("Another owner can't revoke them, and gets one warning with the statements for a superuser", async () => {
    await open();
    const [warning, ...more] = await close(owner);
    expect(more).to.deep.equal([]);
    expect(await isOpen()).to.deep.equal({ set_config: true, plpgsql: true });
    await superuser.raw((warning as Warning).remedy.join("\n"));
    expect(await isOpen()).to.deep.equal({ set_config: false, plpgsql: false });
    expect(await close(owner)).to.deep.equal([]);
  });

  it("The owner keeps them, because its migrations can need them", async () => {
    const work = owner.raw("DO $$ BEGIN PERFORM set_config('keyrack.tenant_id', '', true); END $$");
    expect(await work.then(() => undefined, sqlStateOf)).to.equal(undefined);
  });
});
