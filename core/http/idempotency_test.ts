import { expect } from "chai";
import type { Knex } from "knex";

import { signUpHotel, startTestPlatform, type TestHotel, type TestPlatform } from "../../testing/platform.ts";
import { databaseFor, type Trx } from "../db/database.ts";
import { openPool } from "../db/pool.ts";
import { newId } from "../values/ids.ts";
import { loginRole, urlAs } from "../db/role_names.ts";
import { testSecret } from "../../testing/postgres.ts";
import { claimKey, forgetAnswers, hashRequest, type IdempotentRequest, storeAnswer } from "./idempotency.ts";

describe("a stored answer", () => {
  let platform: TestPlatform;
  let gate: Knex;
  let hotel: TestHotel;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
    hotel = await signUpHotel(platform.client);
    gate = openPool({ url: urlAs(platform.databaseUrl, loginRole, testSecret), max: 2, name: "test answers" });
  });
  after(async () => {
    await gate.destroy();
    await platform.close();
  });

  const inPms = <T>(work: (trx: Trx) => Promise<T>) => databaseFor(gate, "pms", false).tenant(hotel.hotelId, work);
  const requestOf = (body: unknown, key = newId()): IdempotentRequest => ({
    key,
    tenantId: hotel.hotelId,
    actorId: newId(),
    hash: hashRequest("secret", "POST", "/rooms/", body),
  });
  const answer = { status: 201, headers: { location: "/rooms/1" }, body: '{"room":1}' };
  const roleIn = async (trx: Trx): Promise<unknown> => {
    const { rows } = (await trx.raw("SELECT current_user AS role, core.tenant_id() AS tenant")) as { rows: unknown[] };
    return rows[0];
  };

  it("The core writes and reads the answer, and the transaction keeps the plugin's role and tenant", async () => {
    const request = requestOf({ room: 1 });
    const plugin = { role: "keyrack_pms", tenant: hotel.hotelId };
    await inPms(async (trx) => {
      expect(await claimKey(trx, request)).to.equal(undefined);
      expect(await roleIn(trx)).to.deep.equal(plugin);
      await storeAnswer(trx, request, answer);
      expect(await roleIn(trx)).to.deep.equal(plugin);
    });
    expect(await inPms((trx) => claimKey(trx, request))).to.deep.equal(answer);
    const other = { ...request, hash: requestOf({ room: 2 }).hash };
    const refusal = await inPms((trx) => claimKey(trx, other)).catch((error: unknown) => error);
    expect(refusal).to.include({ code: "IDEMPOTENCY_KEY_REUSED" });
    expect(await inPms((trx) => claimKey(trx, { ...request, actorId: newId() }))).to.equal(undefined);
  });

  it("A committed transaction deletes the answers that contain an id, in its own tenant only", async () => {
    const [gone, kept, id] = [requestOf(1), requestOf(2), newId()];
    const other = await signUpHotel(platform.client);
    const theirs = { ...requestOf(3), tenantId: other.hotelId };
    const inOther = <T>(work: (trx: Trx) => Promise<T>) => databaseFor(gate, "pms", false).tenant(other.hotelId, work);
    const named = { ...answer, body: JSON.stringify({ id }) };
    await inPms((trx) => storeAnswer(trx, gone, named));
    await inPms((trx) => storeAnswer(trx, kept, answer));
    await inOther((trx) => storeAnswer(trx, theirs, named));
    const rolledBack = inPms(async (trx) => {
      await forgetAnswers(trx, [id]);
      throw new Error("no");
    });
    expect(await rolledBack.catch((error: unknown) => String(error))).to.equal("Error: no");
    expect(await inPms((trx) => claimKey(trx, gone))).to.deep.equal(named);
    await inPms((trx) => forgetAnswers(trx, [newId(), id]));
    expect(await inPms((trx) => claimKey(trx, gone))).to.equal(undefined);
    expect(await inPms((trx) => claimKey(trx, kept))).to.deep.equal(answer);
    expect(await inOther((trx) => claimKey(trx, theirs))).to.deep.equal(named);
    const short = inPms((trx) => forgetAnswers(trx, [""]));
    expect(await short.catch((error: unknown) => String(error))).to.match(/by UUIDs only/);
  });

  it("An answer is stored with the commit, and a request with the same key does not wait for it", async () => {
    const request = requestOf({ room: 3 });
    await inPms(async (trx) => {
      await claimKey(trx, request);
      const second = await inPms((other) => claimKey(other, request)).catch((error: unknown) => error);
      expect(second).to.include({ code: "IDEMPOTENCY_IN_FLIGHT" });
    });
    expect(await inPms((trx) => claimKey(trx, request))).to.equal(undefined);
  });

  it("An anonymous caller gets the stored answer only for an identical request", async () => {
    const headers = { "idempotency-key": "sign-up-1" };
    const signUp = (username: string) => ({
      name: "One of many",
      username,
      password: "correct-horse-battery",
      time_zone: "Europe/Berlin",
      currency: "EUR",
    });
    const [one, two] = [signUp(`first-${process.pid}`), signUp(`second-${process.pid}`)];
    const first = await platform.client.post("/hotels/", one, { headers });
    const second = await platform.client.post("/hotels/", two, { headers });
    expect([first.status, second.status]).to.deep.equal([201, 201]);
    expect(second.headers.get("idempotency-replayed")).to.equal(null);
    const again = await platform.client.post("/hotels/", one, { headers });
    expect(again.headers.get("idempotency-replayed")).to.equal("true");
    expect(again.body).to.deep.equal(first.body);
    const guessed = await platform.client.post("/hotels/", { ...one, password: "wrong-horse-battery" }, { headers });
    expect(guessed.status).to.equal(409);
    expect(guessed.headers.get("idempotency-replayed")).to.equal(null);
  });
});
