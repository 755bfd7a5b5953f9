/**
 * Denial tests that are generated from the manifests and from PostgreSQL's catalog. Each plugin's role tries every
 * access. PostgreSQL must refuse an access that the manifest does not name (42501), and accept one that it names.
 */
import { expect } from "chai";
import type { Knex } from "knex";

import { startTestPlatform, type TestPlatform } from "../../testing/platform.ts";
import { boot, readBlueprint } from "../boot.ts";
import { pluginsFolder, discoverPlugins } from "../plugin/discovery.ts";
import { runTransaction, roleOf, sqlStateOf, type Trx } from "./database.ts";
import { applyPermissions } from "./migrate/apply_grants.ts";
import { createRoles } from "./migrate/create_roles.ts";
import { openPool } from "./pool.ts";
import type { LoadedPlugin } from "../plugin/contract.ts";
import { newId } from "../values/ids.ts";
import { enqueuerFor } from "../jobs/outbox.ts";
import { loginRole, loginRoleOf, rolesOf, urlAs } from "./role_names.ts";
import type { Columns, TableGrant } from "../plugin/manifest.ts";
import { testSecret } from "../../testing/postgres.ts";

interface Column {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly generated: boolean;
}

const refused = "42501";
const { plugins } = await discoverPlugins([pluginsFolder]);

/** Grants of every plugin on the core's own tables, to end and enqueue jobs. Policies narrow them to its queue. */
const ofTheCore: Readonly<Record<string, TableGrant>> = {
  "core.outbox": {
    select: [
      "job_id",
      "job",
      "queue",
      "tenant_id",
      "payload",
      "run_at",
      "attempts",
      "failures",
      "dead_at",
      "last_error",
    ],
    insert: ["job_id", "job", "tenant_id", "payload"],
    update: ["attempts"],
    delete: true,
  },
  "core.audit_events": {
    insert: [
      "tenant_id",
      "event_id",
      "kind",
      "actor_id",
      "actor_name",
      "address",
      "user_agent",
      "request_id",
      "subject_type",
      "subject_id",
      "subject_name",
      "details",
    ],
  },
  "core.job_permissions": { select: "*" },
  "core.queue_owners": { select: "*" },
};

/** Statements that SQL injection could send to take another plugin's role or another tenant. */
const injections: readonly (readonly [sql: string, values: readonly string[]])[] = [
  ["SELECT set_config('role', ?, true)", ["keyrack_identity_platform"]],
  [
    `SELECT set_config('role', 'keyrack_identity_platform', true),
       query_to_xml('SELECT username, password_hash FROM identity.users LIMIT 2', true, false, ?)`,
    [""],
  ],
  [
    `WITH x AS MATERIALIZED (SELECT set_config('keyrack.tenant_id', ?, true))
       SELECT q.* FROM x, LATERAL (SELECT * FROM core.queue_owners) q`,
    [newId()],
  ],
  ["SELECT query_to_xml(?, true, false, '')", ["SELECT set_config('role', 'keyrack_identity_platform', true)"]],
  ["SELECT * FROM ts_stat(?)", ["SELECT set_config('role', 'keyrack_identity_platform', true)::tsvector"]],
  ["DEALLOCATE ALL; PREPARE trick AS SELECT set_config('role', 'keyrack_identity_platform', true); EXECUTE trick", []],
  ["UPDATE pg_settings SET setting = ? WHERE name = 'search_path'", ["public"]],
  ["DO $$ BEGIN SET LOCAL ROLE keyrack_identity_platform; END $$", []],
  ["DO $$ BEGIN EXECUTE 'SET LOCAL ROLE ' || 'keyrack_identity_platform'; END $$", []],
  ["CREATE FUNCTION pg_temp.trick() RETURNS int LANGUAGE sql SET role = keyrack_identity_platform AS 'SELECT 1'", []],
  ["SELECT lo_from_bytea(0, ?::bytea)", ["left for another"]],
  ["SELECT lo_create(?)", ["0"]],
  ["SELECT lo_get(?)", ["1"]],
];

describe("An access that no manifest names", () => {
  let platform: TestPlatform;
  let login: Knex;
  let columns: readonly Column[];
  before(async () => {
    platform = await startTestPlatform({ worker: false });
    // A clone of a database has its grants, but not those on the database itself.
    await applyPermissions(platform.owner, plugins);
    login = openPool({ url: urlAs(platform.databaseUrl, loginRole, testSecret), max: 1, name: "test permissions" });
    const { rows } = (await platform.owner.raw(
      `
      SELECT table_schema AS schema, table_name AS table, column_name AS column, is_generated = 'ALWAYS' AS generated
      FROM information_schema.columns WHERE table_schema = ANY(?)`,
      [["core", ...plugins.map(({ manifest }) => manifest.id)]],
    )) as { rows: Column[] };
    columns = rows;
  });
  after(async () => {
    await login.destroy();
    await platform.close();
  });

  /** The SQLSTATE that a statement ends with, as a role; the unit is rolled back either way. */
  const stateAs = (
    role: string,
    sql: string,
    { values = [], tenantId }: { values?: readonly string[]; tenantId?: string | undefined } = {},
  ): Promise<string | undefined> => {
    const undo = new Error("undo");
    const work = runTransaction(login, { role, tenantId }, async (trx: Trx) => {
      await trx.raw(sql, values);
      throw undo;
    });
    return work.then(
      () => undefined,
      (error: unknown) => (error === undo ? undefined : (sqlStateOf(error) ?? String(error))),
    );
  };

  for (const { manifest } of plugins) {
    for (const role of rolesOf(manifest)) {
      it(`Foreign tables, columns and verbs are refused to ${role}`, async () => {
        const wrong: string[] = [];
        const grantOf = (table: string): TableGrant | undefined =>
          ofTheCore[table] ?? manifest.permissions?.tables?.[table];
        for (const { schema, table, column, generated } of columns.filter(
          ({ schema: owner }) => owner !== manifest.id,
        )) {
          const grant = grantOf(`${schema}.${table}`);
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
          for (const sql of [
            `DELETE FROM ${name} WHERE false`,
            `TRUNCATE ${name}`,
            `LOCK TABLE ${name} IN ACCESS EXCLUSIVE MODE`,
          ]) {
            // A role that can delete a table's rows can lock it, because PostgreSQL has no finer privilege.
            const allowed = !sql.startsWith("TRUNCATE") && grantOf(name)?.delete === true;
            const state = await stateAs(role, sql);
            if (state !== (allowed ? undefined : refused)) wrong.push(`${sql}: ${state ?? "allowed"}`);
          }
        }
        expect(wrong).to.deep.equal([]);
      }).timeout(60_000);

      it(`Changes of the schema and of privileges are refused to ${role}`, async () => {
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
          "SELECT * FROM core.migrations",
          "SELECT pg_read_file('postgresql.conf')",
          "COPY (SELECT 1) TO PROGRAM 'true'",
        ];
        for (const sql of statements) {
          // PostgreSQL answers a GRANT without the privilege with a warning only. The check below shows its effect.
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

      it(`Large objects, and another role or tenant without SET, are refused to ${role}`, async () => {
        for (const tenantId of [undefined, newId()]) {
          for (const [sql, values] of injections)
            expect(await stateAs(role, sql, { values, tenantId }), sql).to.equal(refused);
          // PostgreSQL runs a query that is passed as text as read only.
          const nested = "SELECT query_to_xml(?, true, false, '')";
          for (const text of ["SET LOCAL ROLE keyrack_identity_platform", "SET LOCAL keyrack.tenant_id = ''"])
            expect(await stateAs(role, nested, { values: [text], tenantId }), text).to.equal("0A000");
        }
      });

      it(`Reading, ending and enqueuing another tenant's jobs are refused to ${role}`, async () => {
        const tenants = [newId(), newId(), undefined];
        const jobs = tenants.map((tenant) => ({
          job_id: newId(),
          job: `${manifest.id}.probe`,
          tenant_id: tenant ?? null,
          payload: "{}",
        }));
        await platform.owner("core.outbox").insert(jobs);
        // A cross-tenant role runs the jobs that have no tenant.
        const own = role.endsWith("_platform") ? undefined : tenants[0];
        const ids = jobs.map((job) => job.job_id);
        const seen = await runTransaction(login, { role, tenantId: own }, (trx) =>
          trx("core.outbox").whereIn("job_id", ids).select("tenant_id"),
        );
        expect(seen).to.deep.equal([{ tenant_id: own ?? null }]);
        const ended = await runTransaction(login, { role, tenantId: own }, (trx) =>
          trx("core.outbox").whereIn("job_id", ids).delete(),
        );
        expect(ended).to.equal(1);
        await platform.owner("core.outbox").whereIn("job_id", ids).delete();
        for (const { name } of manifest.permissions?.jobs ?? []) {
          for (const tenant of tenants) {
            const sql = `INSERT INTO core.outbox (job_id, job, tenant_id, payload)
              VALUES (gen_random_uuid(), ?, nullif(?, '')::uuid, '{}')`;
            const state = await stateAs(role, sql, { values: [name, tenant ?? ""], tenantId: own });
            expect(state, `${name} for ${tenant}`).to.equal(tenant === own ? undefined : refused);
          }
        }
      });

      it(`Enqueuing other jobs is refused to ${role}, by the row's policy and by ctx.enqueue`, async () => {
        const own = new Set((manifest.permissions?.jobs ?? []).map((job) => job.name));
        const foreign = plugins
          .flatMap((plugin) => plugin.manifest.permissions?.jobs ?? [])
          .filter((job) => !own.has(job.name));
        for (const name of [...foreign.map((job) => job.name), "nobody.at-all"]) {
          const sql = `INSERT INTO core.outbox (job_id, job, payload) VALUES (gen_random_uuid(), '${name}', '{}')`;
          expect(await stateAs(role, sql), name).to.equal(refused);
        }
        for (const job of foreign) {
          const denial = await runTransaction(login, { role }, (trx) => enqueuerFor(manifest)(trx, job, {})).then(
            () => "",
            (error: Error) => error.message,
          );
          expect(denial).to.match(
            new RegExp(
              `^The plugin ${manifest.id} has no permission to enqueue ${job.name}\\. Remedy: permissions\\.jobs`,
            ),
          );
        }
        const others = await runTransaction(login, { role }, (trx) =>
          trx("core.outbox").whereNot({ queue: manifest.id }).delete(),
        );
        expect(others).to.equal(0);
      });
    }
  }

  it("A grant is revoked when it leaves a manifest, and when its plugin is removed", async () => {
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

  it("The core's own tables are closed by policy too, so that a wrong grant shows no stored answer", async () => {
    const tenantId = newId();
    const key = { tenant_id: tenantId, actor_id: newId(), key: "probe" };
    await platform
      .owner("core.idempotency_keys")
      .insert({ ...key, request_hash: Buffer.alloc(1), status: 200, headers: "{}", body: "an answer" });
    for (const role of plugins.flatMap(({ manifest }) => rolesOf(manifest))) {
      await platform.owner.raw(`GRANT SELECT ON core.idempotency_keys TO ${role}`);
      const seen = await runTransaction(login, { role, tenantId }, (trx) =>
        trx("core.idempotency_keys").select("body"),
      );
      expect(seen, role).to.deep.equal([]);
    }
    await applyPermissions(platform.owner, plugins);
    expect(await stateAs("keyrack_pms", "SELECT body FROM core.idempotency_keys")).to.equal(refused);
  });

  it("A process of one plugin has a login for the roles of that plugin and of those that it requires", async () => {
    const process = await boot("test", { ...platform.variables, PLUGINS: "identity" });
    try {
      const { rows } = (await process.knex.raw("SELECT session_user AS login")) as { rows: { login: string }[] };
      expect(rows[0]?.login).to.equal(loginRoleOf("identity"));
      const as = (role: string) =>
        runTransaction(process.knex, { role }, (trx) => trx.raw("SELECT 1")).then(
          () => undefined,
          (error: unknown) => sqlStateOf(error),
        );
      expect(await as("keyrack_identity")).to.equal(undefined);
      for (const role of ["keyrack_pms", "keyrack_billing_platform", "keyrack_reporting", loginRole, "keyrack_queue"]) {
        expect(await as(role), role).to.equal(refused);
      }
    } finally {
      await process.close();
    }
  });

  for (const { manifest } of plugins) {
    it(`A process of ${manifest.id} alone can't switch to the cross-tenant roles of required plugins`, async () => {
      const process = openPool({
        url: urlAs(platform.databaseUrl, loginRoleOf(manifest.id), testSecret),
        max: 1,
        name: "test narrow login",
      });
      try {
        const may = new Set(["keyrack_core", ...rolesOf(manifest), ...(manifest.requires ?? []).map(roleOf)]);
        for (const role of ["keyrack_core", ...plugins.flatMap((plugin) => rolesOf(plugin.manifest))]) {
          const state = await runTransaction(process, { role }, (trx) => trx.raw("SELECT 1")).then(
            () => undefined,
            (error: unknown) => sqlStateOf(error),
          );
          expect(state, role).to.equal(may.has(role) ? undefined : refused);
        }
      } finally {
        await process.destroy();
      }
    });
  }

  it("The environment of a plugin is a frozen slice with the variables that its manifest names", async () => {
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
