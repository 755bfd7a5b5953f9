/**
 * Generated from the manifests and from PostgreSQL's catalogue: whatever a plugin's manifest does not name is tried, as
 * that plugin's role, and must be refused by PostgreSQL (42501); what it names must work.
 */
import { expect } from "chai";
import type { Knex } from "knex";

import { startTestPlatform, type TestPlatform } from "../workers/testing/platform.ts";
import { boot, pluginsFolder, readBlueprint } from "./boot.ts";
import { openUnit, sqlStateOf, type Trx } from "./db/database.ts";
import { applyPermissions, createRoles } from "./db/grants.ts";
import { openPool } from "./db/pool.ts";
import { discoverPlugins, type LoadedPlugin } from "./discovery.ts";
import { enqueuerFor } from "./jobs/outbox.ts";
import { gateRole, gateRoleOf, rolesOf, urlAs } from "./permissions.ts";
import type { Columns, TableGrant } from "./plugin.ts";
import { testSecret } from "./testing/postgres.ts";

interface Column {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly generated: boolean;
}

const refused = "42501";
const { plugins } = await discoverPlugins([pluginsFolder]);

describe("what no manifest names", () => {
  let platform: TestPlatform;
  let gate: Knex;
  let columns: readonly Column[];
  before(async () => {
    platform = await startTestPlatform({ worker: false });
    // A clone of a database has its grants, but not those on the database itself.
    await applyPermissions(platform.owner, plugins);
    gate = openPool({ url: urlAs(platform.databaseUrl, gateRole, testSecret), max: 1, name: "test permissions" });
    const { rows } = (await platform.owner.raw(
      `
      SELECT table_schema AS schema, table_name AS table, column_name AS column, is_generated = 'ALWAYS' AS generated
      FROM information_schema.columns WHERE table_schema = ANY(?)`,
      [["core", ...plugins.map(({ manifest }) => manifest.id)]],
    )) as { rows: Column[] };
    columns = rows;
  });
  after(async () => {
    await gate.destroy();
    await platform.close();
  });

  /** The SQLSTATE that a statement ends with, as a role; the unit is rolled back either way. */
  const stateAs = (role: string, sql: string): Promise<string | undefined> => {
    const undo = new Error("undo");
    const work = openUnit(gate, { role }, async (trx: Trx) => {
      await trx.raw(sql);
      throw undo;
    });
    return work.then(
      () => undefined,
      (error: unknown) => (error === undo ? undefined : (sqlStateOf(error) ?? String(error))),
    );
  };

  for (const { manifest } of plugins) {
    for (const role of rolesOf(manifest)) {
      it(`is refused to ${role}: every foreign table, column and verb`, async () => {
        const wrong: string[] = [];
        for (const { schema, table, column, generated } of columns.filter(
          ({ schema: owner }) => owner !== manifest.id && owner !== "core",
        )) {
          const grant = manifest.permissions?.tables?.[`${schema}.${table}`];
          const name = `"${schema}"."${table}"`;
          const tries: readonly (readonly [verb: keyof TableGrant, sql: string])[] = [
            ["select", `SELECT "${column}" FROM ${name} WHERE false`],
            ...(generated ? [] : ([["update", `UPDATE ${name} SET "${column}" = NULL WHERE false`]] as const)),
            ...(generated ? [] : ([["insert", `INSERT INTO ${name} ("${column}") SELECT NULL WHERE false`]] as const)),
          ];
          for (const [verb, sql] of tries) {
            const state = await stateAs(role, sql);
            const expected = covers(grant?.[verb], column) ? undefined : refused;
            if (state !== expected) wrong.push(`${verb} ${name}.${column}: ${state ?? "allowed"}`);
          }
        }
        for (const name of new Set(
          columns.filter(({ schema }) => schema !== manifest.id).map(({ schema, table }) => `${schema}.${table}`),
        )) {
          // The end of its own jobs is a plugin's to write; its policy is tried below.
          if (name === "core.outbox") continue;
          for (const sql of [
            `DELETE FROM ${name} WHERE false`,
            `TRUNCATE ${name}`,
            `LOCK TABLE ${name} IN ACCESS EXCLUSIVE MODE`,
          ]) {
            const allowed = sql.startsWith("DELETE") && manifest.permissions?.tables?.[name]?.delete === true;
            const state = await stateAs(role, sql);
            if (state !== (allowed ? undefined : refused)) wrong.push(`${sql}: ${state ?? "allowed"}`);
          }
        }
        expect(wrong).to.deep.equal([]);
      }).timeout(60_000);

      it(`is refused to ${role}: any change of the database's shape or of rights`, async () => {
        const own = columns.find(({ schema, table }) => schema === manifest.id && !table.startsWith("migrations"));
        const ownTable = `"${own?.schema}"."${own?.table}"`;
        const statements = [
          `CREATE TABLE ${manifest.id}.extra (a int)`,
          "CREATE TABLE public.extra (a int)",
          "CREATE TABLE core.extra (a int)",
          "CREATE TEMPORARY TABLE extra (a int)",
          `CREATE FUNCTION ${manifest.id}.f() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
          "CREATE SCHEMA extra",
          "CREATE ROLE extra",
          "CREATE EXTENSION dblink",
          `ALTER TABLE ${ownTable} ADD COLUMN extra int`,
          `ALTER TABLE ${ownTable} DISABLE ROW LEVEL SECURITY`,
          `DROP TABLE ${ownTable}`,
          `TRUNCATE ${ownTable}`,
          `GRANT SELECT ON ${ownTable} TO PUBLIC`,
          `SELECT * FROM "${manifest.id}".migrations`,
          "SELECT pg_read_file('postgresql.conf')",
          "COPY (SELECT 1) TO PROGRAM 'true'",
        ];
        for (const sql of statements) {
          // PostgreSQL answers a GRANT by somebody who may not with a warning only; what counts is that nothing came of it.
          const state = await stateAs(role, sql);
          if (!sql.startsWith("GRANT")) expect(state, sql).to.equal(refused);
        }
        const { rows } = (await platform.owner.raw("SELECT has_table_privilege('public', ?, 'SELECT') AS open", [
          `${own?.schema}.${own?.table}`,
        ])) as {
          rows: { open: boolean }[];
        };
        expect(rows[0]?.open).to.equal(false);
      });

      it(`is refused to ${role}: jobs that it may not enqueue, by the row's policy and by ctx.enqueue`, async () => {
        const own = new Set((manifest.permissions?.jobs ?? []).map((job) => job.name));
        const foreign = plugins
          .flatMap((plugin) => plugin.manifest.permissions?.jobs ?? [])
          .filter((job) => !own.has(job.name));
        for (const name of [...foreign.map((job) => job.name), "nobody.at-all"]) {
          const sql = `INSERT INTO core.outbox (job_id, job, payload) VALUES (gen_random_uuid(), '${name}', '{}')`;
          expect(await stateAs(role, sql), name).to.equal(refused);
        }
        for (const job of foreign) {
          const denial = await openUnit(gate, { role }, (trx) => enqueuerFor(manifest)(trx, job, {})).then(
            () => "",
            (error: Error) => error.message,
          );
          expect(denial).to.match(
            new RegExp(`^The plugin ${manifest.id} may not enqueue ${job.name}\\. Remedy: permissions\\.jobs`),
          );
        }
        const others = await openUnit(gate, { role }, (trx) =>
          trx("core.outbox").whereNot({ queue: manifest.id }).delete(),
        );
        expect(others).to.equal(0);
      });
    }
  }

  it("is taken back when it leaves a manifest, and when its plugin has gone", async () => {
    const pms = plugins.find(({ manifest }) => manifest.id === "pms") as LoadedPlugin;
    const select = `SELECT time_zone FROM identity.hotels WHERE false`;
    expect(await stateAs("keyrack_pms", select)).to.equal(undefined);
    const poorer = plugins
      .filter(({ manifest }) => manifest.id !== "reporting")
      .map((plugin) => (plugin === pms ? { ...pms, manifest: { ...pms.manifest, permissions: {} } } : plugin));
    await createRoles(platform.owner, poorer, testSecret);
    await applyPermissions(platform.owner, poorer);
    expect(await stateAs("keyrack_pms", select)).to.equal(refused);
    expect(await stateAs("keyrack_pms", "SELECT room_id FROM pms.rooms WHERE false")).to.equal(undefined);
    expect(await stateAs("keyrack_reporting", "SELECT report_id FROM reporting.reports WHERE false")).to.equal(refused);
    expect(await stateAs("keyrack_reporting", "SELECT booking_id FROM pms.bookings WHERE false")).to.equal(refused);
    await createRoles(platform.owner, plugins, testSecret);
    await applyPermissions(platform.owner, plugins);
    expect(await stateAs("keyrack_pms", select)).to.equal(undefined);
    expect(await stateAs("keyrack_reporting", "SELECT report_id FROM reporting.reports WHERE false")).to.equal(
      undefined,
    );
  });

  it("can't be reached from a process that runs one plugin: it logs in as one that may be that and what it requires", async () => {
    const process = await boot("test", { ...platform.variables, PLUGINS: "identity" });
    try {
      const { rows } = (await process.knex.raw("SELECT session_user AS login")) as { rows: { login: string }[] };
      expect(rows[0]?.login).to.equal(gateRoleOf("identity"));
      const as = (role: string) =>
        openUnit(process.knex, { role }, (trx) => trx.raw("SELECT 1")).then(
          () => undefined,
          (error: unknown) => sqlStateOf(error),
        );
      expect(await as("keyrack_identity")).to.equal(undefined);
      for (const role of ["keyrack_pms", "keyrack_billing_platform", "keyrack_reporting", gateRole, "keyrack_queue"]) {
        expect(await as(role), role).to.equal(refused);
      }
    } finally {
      await process.close();
    }
  });

  it("is not in the environment that a plugin sees: a frozen slice of what its manifest names", async () => {
    const { slices } = await readBlueprint({ ...platform.variables, NOBODYS: "secret", STRIPE_API_KEY: "sk_test_1" });
    for (const { manifest } of plugins) {
      const slice = slices.get(manifest.id);
      expect(Object.keys(slice ?? {}), manifest.id).to.deep.equal(Object.keys(manifest.permissions?.env ?? {}));
      expect(Object.isFrozen(slice), manifest.id).to.equal(true);
    }
    expect(slices.get("billing")?.["STRIPE_API_KEY"]).to.equal("sk_test_1");
    expect(slices.get("reporting")).not.to.have.property("STRIPE_API_KEY");
  });
});

function covers(granted: Columns | true | undefined, column: string): boolean {
  if (granted === undefined) return false;
  return granted === true || granted === "*" || granted.includes(column);
}
