import { expect } from "chai";
import type { Knex } from "knex";

import { pluginsFolder, discoverPlugins } from "../../plugin/discovery.ts";
import type { LoadedPlugin } from "../../plugin/contract.ts";
import { BootError } from "../../errors.ts";
import { loginRole, loginRoleOf, platformGroup, queueRole, rolePassword, rolesOf, urlAs } from "../role_names.ts";
import { createTestDatabase, type TestDatabase, testSecret } from "../../../testing/postgres.ts";
import { runTransaction, sqlStateOf } from "../database.ts";
import { applyPermissions } from "./apply_grants.ts";
import { openPool } from "../pool.ts";
import { createRoles } from "./create_roles.ts";

const { plugins } = await discoverPlugins([pluginsFolder]);
const logins = [loginRole, queueRole, ...plugins.map(({ manifest }) => loginRoleOf(manifest.id))];

describe("the roles of PostgreSQL", () => {
  let database: TestDatabase;
  let owner: Knex;
  before(async () => {
    database = await createTestDatabase();
    owner = openPool({ url: database.url, max: 2, name: "test roles" });
  });
  afterEach(async () => {
    // Roles are the server's and not the database's: other tests want them as they were.
    await createRoles(owner, plugins, testSecret);
    await applyPermissions(owner, plugins);
  });
  after(async () => {
    await owner.destroy();
    await database.drop();
  });

  const stateOf = (work: PromiseLike<unknown>): Promise<string | undefined> =>
    Promise.resolve(work).then(
      () => undefined,
      (error: unknown) => sqlStateOf(error) ?? String(error),
    );
  const asLogin = async (login: string, secret: string, work: (knex: Knex) => PromiseLike<unknown>) => {
    const knex = openPool({ url: urlAs(database.url, login, secret), max: 1, name: "test login" });
    try {
      return await stateOf(work(knex));
    } finally {
      await knex.destroy();
    }
  };
  const membershipsOf = async (role: string): Promise<string[]> => {
    const { rows } = (await owner.raw(
      "SELECT DISTINCT roleid::regrole::text AS role FROM pg_auth_members WHERE member = ?::regrole ORDER BY 1",
      [role],
    )) as { rows: { role: string }[] };
    return rows.map((row) => row.role);
  };

  it("A run-time login has no privilege until it switches to one of its roles", async () => {
    for (const login of logins) {
      for (const table of ["pms.rooms", "identity.users", "core.outbox", "core.rate_limits"]) {
        const state = await asLogin(login, testSecret, (knex) => knex.raw(`SELECT 1 FROM ${table}`));
        expect(state, `${login} reads ${table}`).to.equal("42501");
      }
    }
    const { rows } = (await owner.raw(
      `SELECT rolname FROM pg_roles WHERE rolname = ANY(?)
       AND (rolinherit OR rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls)`,
      [logins],
    )) as { rows: unknown[] };
    expect(rows).to.deep.equal([]);
  });

  it("Creating the roles resets their passwords and the settings that a login gave itself", async () => {
    const { rows } = (await owner.raw("SELECT current_database() AS name")) as { rows: { name: string }[] };
    const change = `ALTER ROLE CURRENT_USER PASSWORD 'another'; ALTER ROLE CURRENT_USER SET role = 'keyrack_core';
      ALTER ROLE CURRENT_USER IN DATABASE "${rows[0]?.name}" SET search_path = 'pms';
      SET ROLE keyrack_pms; ALTER ROLE CURRENT_USER SET statement_timeout = '1ms'`;
    expect(await asLogin(loginRole, testSecret, (knex) => knex.raw(change))).to.equal(undefined);
    expect(await asLogin(loginRole, testSecret, (knex) => knex.raw("SELECT 1")), "before").to.equal("28P01");
    await createRoles(owner, plugins, testSecret);
    const begun: Record<string, unknown>[] = [];
    const state = await asLogin(loginRole, testSecret, async (knex) => {
      begun.push(...(await knex.raw("SELECT current_user::text, current_setting('search_path') AS path")).rows);
    });
    expect([state, begun]).to.deep.equal([undefined, [{ current_user: loginRole, path: '"$user", public' }]]);
    const left = await owner.raw(
      "SELECT 1 FROM pg_db_role_setting JOIN pg_roles r ON r.oid = setrole WHERE rolname LIKE 'keyrack\\_%'",
    );
    expect(left.rows).to.deep.equal([]);
  });

  it("Creating the roles ends the memberships of a removed plugin and all others that no manifest needs", async () => {
    // A grantor other than the owner can have granted them.
    await owner.raw(`CREATE ROLE test_grantor; GRANT keyrack_billing TO test_grantor WITH ADMIN OPTION;
      SET ROLE test_grantor; GRANT keyrack_billing TO ${loginRoleOf("pms")}; RESET ROLE;
      GRANT keyrack_pms TO ${queueRole}; GRANT ${platformGroup} TO ${loginRoleOf("pms")}`);
    const fewer = plugins.filter(({ manifest }) => manifest.id !== "reporting");
    await createRoles(owner, fewer, testSecret);
    expect(await membershipsOf(loginRole)).to.deep.equal(
      ["keyrack_core", ...fewer.flatMap(({ manifest }) => rolesOf(manifest))].sort(),
    );
    const own = fewer.filter(({ manifest }) => manifest.id === "pms").flatMap(({ manifest }) => rolesOf(manifest));
    expect(await membershipsOf(loginRoleOf("pms"))).to.deep.equal(["keyrack_core", "keyrack_identity", ...own].sort());
    expect(await membershipsOf(queueRole)).to.deep.equal([]);
    await owner.raw("DROP OWNED BY test_grantor; DROP ROLE test_grantor");
    const become = asLogin(loginRole, testSecret, (knex) =>
      runTransaction(knex, { role: "keyrack_reporting" }, (trx) => trx.raw("SELECT 1")),
    );
    expect(await become).to.equal("42501");
  });

  it("Creating the roles disables the login and the cross-tenant role of a removed plugin", async () => {
    const login = loginRoleOf("reporting");
    expect(await asLogin(login, testSecret, (knex) => knex.raw("SELECT 1"))).to.equal(undefined);
    const fewer = plugins.filter(({ manifest }) => manifest.id !== "reporting");
    await createRoles(owner, fewer, testSecret);
    // 28000 means that the role can't log in, and 28P01 that its password is wrong.
    expect(await asLogin(login, testSecret, (knex) => knex.raw("SELECT 1"))).to.be.oneOf(["28000", "28P01"]);
    const { rows } = (await owner.raw("SELECT rolcanlogin, rolpassword FROM pg_authid WHERE rolname = ?", [login])) as {
      rows: unknown[];
    };
    expect(rows).to.deep.equal([{ rolcanlogin: false, rolpassword: null }]);
    expect(await membershipsOf(login)).to.deep.equal([]);
    expect(await membershipsOf("keyrack_reporting_platform")).to.deep.equal([]);
    await createRoles(owner, plugins, testSecret);
    expect(await asLogin(login, testSecret, (knex) => knex.raw("SELECT 1"))).to.equal(undefined);
    expect(await membershipsOf("keyrack_reporting_platform")).to.deep.equal([platformGroup]);
  });

  it("Creating the roles ends the cross-tenant role of a plugin that no longer asks for it", async () => {
    const modest = plugins.map((plugin): LoadedPlugin => {
      const { crossTenant: _, ...permissions } = plugin.manifest.permissions ?? {};
      return plugin.manifest.id === "billing" ? { ...plugin, manifest: { ...plugin.manifest, permissions } } : plugin;
    });
    await createRoles(owner, modest, testSecret);
    expect(await membershipsOf("keyrack_billing_platform")).to.deep.equal([]);
    expect(await membershipsOf(loginRole)).not.to.include("keyrack_billing_platform");
  });

  it("The passwords are derived from the secret, and no statement contains one", async () => {
    await createRoles(owner, plugins, "another-secret-another-secret-another");
    expect(await asLogin(loginRole, testSecret, (knex) => knex.raw("SELECT 1"))).to.equal("28P01");
    const secret = "another-secret-another-secret-another";
    expect(await asLogin(loginRole, secret, (knex) => knex.raw("SELECT 1"))).to.equal(undefined);
    const statements: string[] = [];
    const listener = {
      client: {
        acquireConnection: () => Promise.resolve({ query: (sql: string) => Promise.resolve(statements.push(sql)) }),
        releaseConnection: () => Promise.resolve(),
      },
    } as unknown as Knex;
    await createRoles(listener, plugins, secret);
    expect(statements.join()).to.include(`ALTER ROLE ${loginRole} LOGIN`);
    for (const login of logins) expect(statements.join()).not.to.include(rolePassword(login, secret));
  });

  it("A login without CREATEROLE gets a fault that names it and shows no password", async () => {
    await owner.raw("CREATE ROLE test_without_createrole LOGIN PASSWORD 'test'");
    const url = new URL(database.url);
    url.username = "test_without_createrole";
    url.password = "test";
    const poor = openPool({ url: url.href, max: 1, name: "test without createrole" });
    try {
      const error = await createRoles(poor, plugins, testSecret).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(BootError);
      const { stack = "" } = error as BootError;
      expect(stack).to.match(/can't create the run-time roles \(42501: permission denied.*\)\. Remedy: .*CREATEROLE/);
      const shown = stack + JSON.stringify(error);
      for (const login of logins) expect(shown).not.to.include(rolePassword(login, testSecret));
      expect(shown).not.to.match(/PASSWORD|SCRAM/);
    } finally {
      await poor.destroy();
      await owner.raw("DROP ROLE test_without_createrole");
    }
  });

  it("Only the roles of a plugin can run its functions", async () => {
    await owner.raw("CREATE FUNCTION pms.count_up(int) RETURNS int LANGUAGE sql AS 'SELECT $1 + 1'");
    await applyPermissions(owner, plugins);
    const call = (role: string) =>
      asLogin(loginRole, testSecret, (knex) =>
        runTransaction(knex, { role }, (trx) => trx.raw("SELECT pms.count_up(1)")),
      );
    expect(await call("keyrack_pms")).to.equal(undefined);
    // Reporting has USAGE of the schema, for its tables.
    expect(await call("keyrack_reporting")).to.equal("42501");
    await owner.raw("GRANT EXECUTE ON FUNCTION pms.count_up(int) TO keyrack_reporting");
    expect(await call("keyrack_reporting")).to.equal(undefined);
    await applyPermissions(owner, plugins);
    expect(await call("keyrack_reporting")).to.equal("42501");
    await owner.raw("DROP FUNCTION pms.count_up(int)");
  });
});
