import { expect } from "chai";
import type { Knex } from "knex";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { pluginsFolder, discoverPlugins } from "../../plugin/discovery.ts";
import type { LoadedPlugin } from "../../plugin/contract.ts";
import { BootError } from "../../errors.ts";
import { createLogger } from "../../process/log.ts";
import { createTestDatabase, type TestDatabase, testSecret } from "../../../testing/postgres.ts";
import { checkTenantIsolation } from "./check_tenant_isolation.ts";
import { migrate } from "./migrate.ts";
import { openPool } from "../pool.ts";

const { plugins } = await discoverPlugins([pluginsFolder]);

/** Gaps that a migration of pms can leave, and the fault that `migrate` reports. */
const holes: readonly (readonly [title: string, sql: string, fault: RegExp])[] = [
  [
    "a tenant's table without row-level security",
    "CREATE TABLE pms.notes (hotel_id uuid, note text)",
    /^The table pms\.notes of the plugin pms has a tenant column and no tenant isolation\. Remedy: call tenantTable/,
  ],
  [
    "row-level security that is not forced on the owner",
    "CREATE TABLE pms.notes (hotel_id uuid); ALTER TABLE pms.notes ENABLE ROW LEVEL SECURITY",
    /^The table pms\.notes of the plugin pms has a tenant column and no tenant isolation/,
  ],
  [
    "a policy that is open to all tenants",
    `CREATE TABLE pms.notes (hotel_id uuid); ALTER TABLE pms.notes ENABLE ROW LEVEL SECURITY;
     ALTER TABLE pms.notes FORCE ROW LEVEL SECURITY; CREATE POLICY all_of_them ON pms.notes USING (true)`,
    /^A policy of the plugin pms opens pms\.notes \(all_of_them\) to every tenant\. Remedy: compare with core/,
  ],
  [
    "a view that reads as its owner",
    "CREATE VIEW pms.names AS SELECT guest_name FROM pms.bookings",
    /^The view pms\.names of the plugin pms reads rows of all tenants\. Remedy: WITH \(security_invoker = true\)/,
  ],
  [
    "a materialized view",
    "CREATE MATERIALIZED VIEW pms.names AS SELECT guest_name FROM pms.bookings",
    /^The materialized view pms\.names of the plugin pms keeps rows of all tenants .* Remedy: use a table/,
  ],
  [
    "a function that runs as its owner",
    `CREATE FUNCTION pms.names() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER
     AS 'SELECT guest_name FROM pms.bookings'`,
    /^The function pms\.names .* runs past tenant isolation\. Remedy: .*name names in permissions\.definers/,
  ],
  [
    "a function that takes a role",
    `CREATE FUNCTION pms.names() RETURNS SETOF text LANGUAGE sql AS 'SELECT guest_name FROM pms.bookings';
     ALTER FUNCTION pms.names() SET role = keyrack_platform`,
    /^The function pms\.names of the plugin pms runs past tenant isolation/,
  ],
];

describe("The check of tenant isolation", () => {
  let database: TestDatabase;
  let owner: Knex;
  before(async () => {
    database = await createTestDatabase();
    owner = openPool({ url: database.url, max: 3, name: "test walls" });
  });
  after(async () => {
    await owner.destroy();
    await database.drop();
  });

  /** The faults that are found in a database with these objects more. */
  const faultsWith = async (sql: string, judged: readonly LoadedPlugin[] = plugins): Promise<readonly string[]> => {
    const trx = await owner.transaction();
    try {
      await trx.raw(sql);
      await checkTenantIsolation(trx, judged);
      return [];
    } catch (error) {
      if (error instanceof BootError) return error.faults;
      throw error;
    } finally {
      await trx.rollback();
    }
  };
  /** The plugins, where the PMS names more definers than it has. */
  const withDefiners = (more: Record<string, string>): LoadedPlugin[] =>
    plugins.map((plugin) => {
      const { manifest } = plugin;
      if (manifest.id !== "pms") return plugin;
      const definers = { ...manifest.permissions?.definers, ...more };
      return { ...plugin, manifest: { ...manifest, permissions: { ...manifest.permissions, definers } } };
    });

  it("It finds no gap in the plugins that ship with Keyrack", async () => {
    expect(await faultsWith("SELECT 1")).to.deep.equal([]);
  });

  for (const [title, sql, fault] of holes) {
    it(`It finds this gap: ${title}`, async () => {
      const faults = await faultsWith(sql);
      expect(faults).to.have.length(1);
      expect(faults[0]).to.match(fault);
    });
  }

  it("It accepts a view with security_invoker, a cross-tenant policy, and a declared definer", async () => {
    const { rows } = (await owner.raw("SELECT current_setting('server_version_num')::int >= 150000 AS has")) as {
      rows: { has: boolean }[];
    };
    const view =
      rows[0]?.has === true ? "CREATE VIEW pms.names WITH (security_invoker) AS SELECT 1 FROM pms.bookings;" : "";
    const sql = `${view} CREATE FUNCTION pms.peek() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
      CREATE POLICY more ON pms.bookings TO keyrack_billing_platform USING (true)`;
    expect(await faultsWith(sql, withDefiners({ peek: "a test" }))).to.deep.equal([]);
  });

  it("It finds a definer in a manifest that is not in the schema", async () => {
    expect(await faultsWith("SELECT 1", withDefiners({ peek: "a test" }))).to.deep.equal([
      "The plugin pms names the definer peek, but has no SECURITY DEFINER function of that name. " +
        "Remedy: remove it from permissions.definers.",
    ]);
  });

  it("It stops the migration before the plugin gets a grant", async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "keyrack-walls-"));
    try {
      await mkdir(path.join(folder, "migrations"));
      await writeFile(
        path.join(folder, "migrations", "0001_names.ts"),
        `export const up = (knex) => knex.raw("CREATE VIEW leaky.names AS SELECT guest_name FROM pms.bookings");\n`,
      );
      const manifest = { id: "leaky", summary: "A view past the wall.", requires: ["pms"] };
      const leaky: LoadedPlugin = { manifest, setup: () => ({}), folder };
      const silent = createLogger("silent", {});
      const error = await migrate(owner, [...plugins, leaky], testSecret, silent).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(BootError);
      expect((error as BootError).faults[0]).to.match(
        /^The view leaky\.names of the plugin leaky reads rows of all tenants/,
      );
      const { rows } = (await owner.raw("SELECT has_schema_privilege('keyrack_leaky', 'leaky', 'USAGE') AS may")) as {
        rows: { may: boolean }[];
      };
      expect(rows).to.deep.equal([{ may: false }]);
      await owner.raw("DROP SCHEMA leaky CASCADE");
      await migrate(owner, plugins, testSecret, silent);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
