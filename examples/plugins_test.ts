/** Adds a plugin by PLUGIN_PATH or by copying its folder, and removes it, without a change of other code. */
import { expect } from "chai";
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, realpath, rm, symlink } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import * as z from "zod";

import { boot } from "../core/boot.ts";
import { checkManifest } from "../core/plugin/checks.ts";
import { databaseFor } from "../core/db/database.ts";
import { enqueuerFor } from "../core/jobs/outbox.ts";
import { migrateDatabase } from "../core/migrate_database.ts";
import { defineJob, newId } from "../core/mod.ts";
import { guardedFetch } from "../core/plugin/guarded_fetch.ts";
import { nodeProgram, type Processes, startProcfile } from "../core/process/procfile.ts";
import { TestClient } from "../testing/client.ts";
import { createTestDatabase, type TestDatabase, testSecret } from "../testing/postgres.ts";
import { serve } from "../core/serve.ts";
import { hotelSettingsColumns } from "../plugins/identity/port.ts";
import { furnishHotel, type FurnishedHotel } from "../plugins/pms/testing/hotel.ts";
import { eventually, startTestPlatform, type TestPlatform } from "../testing/platform.ts";

const root = path.join(import.meta.dirname, "..");
const minibar = path.join(import.meta.dirname, "plugins", "minibar");

interface Guest extends FurnishedHotel {
  readonly bookingId: string;
}

async function guestInHouse(client: TestClient): Promise<Guest> {
  const hotel = await furnishHotel(client);
  const token = hotel.receptionistToken;
  const booked = await client.post(
    "/bookings/",
    {
      room_id: hotel.roomIds[0],
      guest: { name: "Ada Lovelace" },
      check_in_at: hotel.day(0),
      expected_check_out_at: hotel.day(1),
    },
    { token },
  );
  const bookingId = booked.body.booking_id as string;
  const checkedIn = await client.patch(`/operations/check-in/${bookingId}`, {}, { token });
  expect(checkedIn.status, checkedIn.text).to.equal(200);
  return { ...hotel, bookingId };
}

/** Two hotels use the minibar: each sees its own alone, and a worker does the job of each. */
async function useMinibar(client: TestClient): Promise<Guest> {
  const guests = [await guestInHouse(client), await guestInHouse(client)] as const;
  const list = (caller: Guest, { bookingId }: Guest) =>
    client.get(`/minibar/charges?booking_id=${bookingId}`, { token: caller.receptionistToken });
  for (const [index, guest] of guests.entries()) {
    const body = { booking_id: guest.bookingId, item: `Cola ${index}`, quantity: 3, unit_price: "0.10" };
    const made = await client.post("/minibar/charges", body, { token: guest.receptionistToken });
    expect(made.status, made.text).to.equal(201);
  }
  for (const [index, guest] of guests.entries()) {
    const { body } = await list(guest, guest);
    expect(body.items.map(({ item }: { item: string }) => item)).to.deep.equal([`Cola ${index}`]);
    expect(body.total_amount).to.equal("0.30");
    expect((await list(guest, guests[1 - index] as Guest)).status).to.equal(404);
    const lines = await eventually(async () => {
      const answer = await client.get("/minibar/restock", { token: guest.receptionistToken });
      return answer.body.items.length === 0 ? undefined : answer.body.items;
    });
    expect(lines).to.deep.equal([{ item: `Cola ${index}`, quantity: 3, amount: "0.30", currency: "EUR" }]);
  }
  return guests[0];
}

async function operations(client: TestClient): Promise<string[]> {
  const { body } = await client.get("/openapi.json");
  return Object.entries(body.paths as Record<string, Record<string, { operationId: string }>>)
    .filter(([where]) => where.startsWith("/minibar/"))
    .flatMap(([where, item]) =>
      Object.entries(item).map(([method, { operationId }]) => `${method} ${where} ${operationId}`),
    )
    .sort();
}

const itsOperations = [
  "delete /minibar/charges/{charge_id} takeBackMinibarCharge",
  "get /minibar/charges listMinibarCharges",
  "get /minibar/restock readMinibarRestockList",
  "post /minibar/charges chargeMinibar",
];

describe("a plugin that is dropped in by PLUGIN_PATH", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ variables: { PLUGIN_PATH: minibar } });
  });
  after(() => platform.close());

  /** Reads the role's privileges on the tables of other plugins, as `schema.table.column privilege`. */
  const grants = async (): Promise<string[]> => {
    const { rows } = (await platform.owner.raw(
      `SELECT table_schema || '.' || table_name || '.' || column_name || ' ' || privilege_type AS may
       FROM information_schema.column_privileges
       WHERE grantee = 'keyrack_minibar' AND table_schema NOT IN ('minibar', 'core')`,
    )) as { rows: { may: string }[] };
    return rows.map(({ may }) => may).sort();
  };

  it("Its routes are in the API document, and serve two hotels with a worker", async () => {
    expect(await operations(platform.client)).to.deep.equal(itsOperations);
    const { body } = await platform.client.get("/openapi.json");
    expect(Object.keys(body.components.schemas)).to.include("MinibarCharge");
    expect(body.paths["/minibar/charges"].post.responses["409"].description).to.include("GUEST_NOT_IN_HOUSE");
    await useMinibar(platform.client);
  });

  it("Its role has exactly the grants of its manifest", async () => {
    const { rows: roles } = (await platform.owner.raw(
      "SELECT rolname, rolcanlogin, rolsuper, rolbypassrls FROM pg_roles WHERE rolname LIKE 'keyrack_minibar%'",
    )) as { rows: unknown[] };
    expect(roles).to.deep.equal([
      { rolname: "keyrack_minibar", rolcanlogin: false, rolsuper: false, rolbypassrls: false },
    ]);
    const columns = [
      ...hotelSettingsColumns.map((column) => `identity.hotels.${column}`),
      ...["hotel_id", "booking_id", "status"].map((column) => `pms.bookings.${column}`),
    ];
    expect(await grants()).to.deep.equal(columns.map((column) => `${column} SELECT`).sort());
  });

  it("PostgreSQL refuses everything that its manifest does not name", async () => {
    const asMinibar = (sql: string): Promise<string> =>
      platform.owner
        .transaction(async (trx) => {
          await trx.raw("SET LOCAL ROLE keyrack_minibar");
          await trx.raw(sql);
        })
        .then(
          () => "done",
          (error: { code?: string }) => error.code ?? "",
        );
    expect(await asMinibar("SELECT status FROM pms.bookings")).to.equal("done");
    for (const sql of [
      "SELECT guest_name FROM pms.bookings",
      "SELECT * FROM pms.bookings",
      "UPDATE pms.bookings SET status = 'canceled'",
      "SELECT room_id FROM pms.rooms",
      "SELECT username FROM identity.users",
      "CREATE TABLE minibar.more ()",
    ]) {
      expect(await asMinibar(sql), sql).to.equal("42501");
    }
  });

  it("It runs in its own process while other processes do not know it", async () => {
    const { PLUGIN_PATH: _, ...without } = platform.variables;
    const [others, own] = [
      await serve(await boot("web", without)),
      await serve(await boot("web", { ...platform.variables, PLUGINS: "minibar" })),
    ];
    try {
      const client = new TestClient(`http://127.0.0.1:${others.port}`);
      const itself = new TestClient(`http://127.0.0.1:${own.port}`);
      const guest = await guestInHouse(client);
      const token = guest.receptionistToken;
      const charges = `/minibar/charges?booking_id=${guest.bookingId}`;
      expect((await client.get(charges, { token })).status).to.equal(404);
      expect((await itself.get(charges, { token })).body).to.include({ total_amount: "0.00" });
      expect((await itself.get("/hotels/me", { token })).status).to.equal(404);
    } finally {
      await others.close();
      await own.close();
    }
  });

  it("Its removal changes nothing else, and its schema remains for its return", async () => {
    const guest = await useMinibar(platform.client);
    const { PLUGIN_PATH: _, ...without } = platform.variables;
    await migrateDatabase(without);
    const server = await serve(await boot("web", without));
    try {
      const client = new TestClient(`http://127.0.0.1:${server.port}`);
      expect(await operations(client)).to.deep.equal([]);
      const token = guest.receptionistToken;
      expect((await client.get(`/minibar/charges?booking_id=${guest.bookingId}`, { token })).status).to.equal(404);
      expect((await client.patch(`/operations/check-out/${guest.bookingId}`, {}, { token })).status).to.equal(200);
      await guestInHouse(client);
      expect(await grants()).to.deep.equal([]);
    } finally {
      await server.close();
    }
    await migrateDatabase(platform.variables);
    const back = await platform.client.get(`/minibar/charges?booking_id=${guest.bookingId}`, {
      token: guest.receptionistToken,
    });
    expect(back.body.total_amount, back.text).to.equal("0.30");
  });
});

describe("a plugin whose folder is copied into plugins/", () => {
  let folder: string;
  let database: TestDatabase;
  let processes: Processes | undefined;
  before(async () => {
    folder = await realpath(await mkdtemp(path.join(os.tmpdir(), "keyrack-copy-")));
    for (const part of ["bin", "core", "plugins", "workers", "package.json", "tsconfig.json", "Procfile"]) {
      await cp(path.join(root, part), path.join(folder, part), { recursive: true });
    }
    await symlink(path.join(root, "node_modules"), path.join(folder, "node_modules"));
    await cp(minibar, path.join(folder, "plugins", "minibar"), { recursive: true });
    database = await createTestDatabase();
  });
  after(async () => {
    await processes?.close();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  it("The unchanged Procfile migrates it, serves its routes and runs its jobs", async function () {
    this.timeout(60_000);
    const variables = {
      NODE_ENV: "test",
      DATABASE_URL: database.url,
      SECRET_KEY: testSecret,
      DATA_DIR: path.join(folder, ".data"),
      PORT: "0",
      HOST: "127.0.0.1",
      LOG_LEVEL: "warn",
    };
    const migrate = ["--import", "tsx", path.join("bin", "migrate.ts")];
    await promisify(execFile)(process.execPath, migrate, { cwd: folder, env: variables });
    processes = await startProcfile(path.join(folder, "Procfile"), nodeProgram(variables));
    const client = new TestClient(`http://127.0.0.1:${processes.port}`);
    expect(await operations(client)).to.deep.equal(itsOperations);
    await useMinibar(client);
  });
});

describe("docs/plugins.md", () => {
  let page: string;
  let platform: TestPlatform;
  before(async () => {
    page = await readFile(path.join(root, "docs", "plugins.md"), "utf8");
    platform = await startTestPlatform({ worker: false, variables: { PLUGIN_PATH: minibar } });
  });
  after(() => platform.close());

  it("The page shows the minibar's own code", async () => {
    const files = await readdir(minibar, { recursive: true });
    const code = await Promise.all(
      files.filter((file) => /\.tsx?$/.test(file)).map((file) => readFile(path.join(minibar, file), "utf8")),
    );
    const words = (text: string): string => text.replaceAll(/\s*\/\/ .*$/gm, "").replaceAll(/[\s,]+/g, "");
    const known = words(code.join("\n"));
    const shown = [...page.matchAll(/```tsx?\n(.*?)```/gs)]
      .flatMap(([, block = ""]) => block.split(/…|\n\n/))
      .map(words);
    expect(shown.length).to.be.greaterThan(4);
    for (const part of shown) expect(known).to.include(part);
  });

  it("The page quotes each denial word for word", async () => {
    const words = async (denied: () => unknown): Promise<string> => {
      try {
        await denied();
      } catch (error) {
        return (error as Error).message.replace(/^.* - /s, "").replace(/ Remedy: .*$/, "");
      }
      throw new Error("It was not denied.");
    };
    const manifest = { id: "minibar", summary: "" };
    const tidy = defineJob({ name: "minibar.tidy", payload: z.strictObject({}) });
    const { knex, close } = await boot("web", platform.variables);
    const inside = (sql: string): Promise<unknown> =>
      databaseFor(knex, "minibar", false).tenant(newId(), (trx) => trx.raw(sql));
    try {
      const denials = [
        checkManifest({ ...manifest, permissions: { tables: { "pms.bookings": { select: "*" } } } })[0] ?? "",
        await words(() => guardedFetch("minibar", [])("https://api.example.com/")),
        await words(() => enqueuerFor(manifest)(undefined as never, tidy, {})),
        await words(() => databaseFor(knex, "minibar", false).crossTenant(() => Promise.resolve())),
        await words(() => inside("SELECT room_id FROM pms.rooms")),
        await words(() =>
          inside(
            `INSERT INTO core.outbox (job_id, job, tenant_id, payload)
             VALUES (gen_random_uuid(), 'minibar.tidy', core.tenant_id(), '{}')`,
          ),
        ),
      ];
      for (const denial of denials) expect(page).to.include(`${denial.replace(/ Remedy: .*$/, "")}\``);
    } finally {
      await close();
    }
  });
});
