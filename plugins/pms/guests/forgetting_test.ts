import { expect } from "chai";
import type { Knex } from "knex";
import { setTimeout as sleep } from "node:timers/promises";

import { databaseFor, type Trx } from "../../../core/db/database.ts";
import { openPool } from "../../../core/db/pool.ts";
import { loginRole, urlAs } from "../../../core/db/role_names.ts";
import { startTestPlatform, type TestPlatform, testSecret } from "#testing/mod.ts";
import { reserve } from "../bookings/reserve.ts";
import { type Desk, openDesk } from "../testing/desk.ts";
import { checkInvariants } from "../testing/model_tests/invariants.ts";
import { anonymize } from "./forget.ts";
import { linkGuest } from "./guests.ts";

describe("The anonymization of a guest", () => {
  let platform: TestPlatform;
  let pool: Knex;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
    pool = openPool({ url: urlAs(platform.databaseUrl, loginRole, testSecret), max: 3, name: "test forgetting" });
  });
  after(async () => {
    await pool.destroy();
    await platform.close();
  });

  /** Runs the second work after the first is done and before it commits. */
  const meanwhile = async <A, B>(desk: Desk, first: (trx: Trx) => Promise<A>, second: (trx: Trx) => Promise<B>) => {
    const { tenant } = databaseFor(pool, "pms", false);
    let later: Promise<PromiseSettledResult<B>[]> | undefined;
    const done = await tenant(desk.hotelId, async (trx) => {
      const result = await first(trx);
      later = Promise.allSettled([tenant(desk.hotelId, second)]);
      await Promise.race([later, sleep(300)]);
      return result;
    });
    return [done, (await later)?.[0]] as const;
  };

  const ada = { name: "Ada Lovelace", email: "ada@example.com", phone: "+44 20 7946 0000" };
  const grace = { name: "Grace Hopper", email: "grace@example.org", phone: null };
  const forget = (desk: Desk, guest: string) => desk.manage("POST", `/guests/${guest}/anonymize`, {});
  const historyOf = async (desk: Desk, id: string) =>
    (await desk.get(`/bookings/${id}/history`)).body.items as {
      by_user: string;
      action: string;
      before: Record<string, unknown> | null;
      after: Record<string, unknown>;
    }[];

  it("The history of a booking loses its former guest, and keeps the guest who has it now", async () => {
    const desk = await openDesk(platform);
    const { booking_id: id, guest_id: guest } = await desk.booked(0, 1, { guest: ada, notes: "Countess" });
    expect((await desk.amend(id, { guest: grace, notes: "Admiral" })).status).to.equal(200);
    expect((await forget(desk, guest)).status).to.equal(200);
    const [booked, handedOn, ...more] = await historyOf(desk, id);
    expect(more).to.deep.equal([]);
    const nobody = { guest_name: "Anonymous", guest_email: null, guest_phone: null, notes: null };
    expect(booked?.after).to.include({ ...nobody, guest_id: guest });
    expect(handedOn?.before).to.deep.equal(booked?.after);
    expect(handedOn?.after).to.include({ guest_name: grace.name, guest_email: grace.email, notes: "Admiral" });
    expect((await desk.get(`/bookings/${id}`)).body).to.deep.include({ guest: grace, notes: "Admiral" });
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("Stored idempotent answers about the guest are deleted, and those about other guests stay", async () => {
    const desk = await openDesk(platform);
    const options = { token: desk.receptionistToken, headers: { "idempotency-key": "desk-1" } };
    const stay = { room_id: desk.roomIds[0], check_in_at: desk.day(0), expected_check_out_at: desk.day(1) };
    const made = await platform.client.post("/bookings/", { ...stay, guest: ada, notes: "Countess" }, options);
    expect(made.status, made.text).to.equal(201);
    const others = { token: desk.receptionistToken, headers: { "idempotency-key": "desk-2" } };
    const later = { ...stay, check_in_at: desk.day(2), expected_check_out_at: desk.day(3) };
    expect((await platform.client.post("/bookings/", { ...later, guest: grace }, others)).status).to.equal(201);
    const stored = async (): Promise<string[]> =>
      (await platform.owner("core.idempotency_keys").where({ tenant_id: desk.hotelId }).pluck("key")) as string[];
    expect(await stored()).to.have.members(["desk-1", "desk-2"]);
    await desk.operate("cancel", made.body.booking_id);
    expect((await forget(desk, made.body.guest_id)).status).to.equal(200);
    expect(await stored()).to.deep.equal(["desk-2"]);
  });

  it("The history of each booking gets a line with the user who anonymized, and without the guest's name", async () => {
    const desk = await openDesk(platform);
    const { booking_id: id, guest_id: guest } = await desk.booked(0, 1, { guest: ada });
    await desk.operate("cancel", id);
    await forget(desk, guest);
    const line = (await historyOf(desk, id)).at(-1);
    expect(line).to.include({ action: "anonymize" });
    expect(line?.by_user).not.to.equal((await historyOf(desk, id))[0]?.by_user);
    expect(line?.before).to.include({ guest_name: "Anonymous", guest_email: null, status: "canceled" });
    expect(line?.after).to.deep.equal(line?.before);
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("An anonymized guest can't be reinstated, taken back in house, changed or booked again", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const canceled = await desk.booked(0, 2, { guest: ada });
    await desk.operate("cancel", canceled.booking_id);
    const left = await desk.booked(0, 2, { guest: ada, room_id: desk.roomIds[1] });
    await desk.operate("check-in", left.booking_id);
    await desk.operate("check-out", left.booking_id);
    expect((await forget(desk, canceled.guest_id)).status).to.equal(200);
    const refused = { status: 409, code: "GUEST_ANONYMOUS" };
    expect((await desk.operate("reinstate", canceled.booking_id)).body).to.include(refused);
    expect((await desk.operate("undo-check-out", left.booking_id)).body).to.include(refused);
    expect((await desk.amend(canceled.booking_id, { guest: { name: "Ada" } })).body).to.include(refused);
    expect((await desk.amend(left.booking_id, { guest: { email: ada.email } })).body).to.include(refused);
    const again = { guest: undefined, guest_id: canceled.guest_id };
    expect((await desk.book(3, 4, again)).body).to.include(refused);
    expect((await desk.manage("PATCH", `/guests/${canceled.guest_id}`, { phone: "1" })).body).to.include(refused);
    expect((await desk.booked(3, 4, { guest: ada })).guest_id).not.to.equal(canceled.guest_id);
  });

  it("A booking during an uncommitted anonymization gets another guest by name, and is refused by id", async () => {
    const desk = await openDesk(platform);
    const { booking_id: id, guest_id: guestId } = await desk.booked(0, 1, { guest: ada });
    await desk.operate("cancel", id);
    const change = { actor: { tenantId: desk.hotelId, name: "manager" }, now: new Date() };
    const stay = { check_in_at: desk.day(0), expected_check_out_at: desk.day(1), room_id: desk.roomIds[0] };
    const order = { ...stay, adults: 1, children: 0, room_locked: false };
    const forgetting = (trx: Trx) => anonymize(trx, change, guestId);
    const byId = await meanwhile(desk, forgetting, (trx) =>
      reserve(trx, desk.hotelId, { ...order, guest_id: guestId }, "desk"),
    );
    expect(byId[1]).to.have.nested.property("reason.code", "GUEST_ANONYMOUS");
    const { booking_id: other, guest_id: second } = await desk.booked(0, 1, { guest: ada });
    await desk.operate("cancel", other);
    const byName = await meanwhile(
      desk,
      (trx) => anonymize(trx, change, second),
      async (trx) => (await reserve(trx, desk.hotelId, { ...order, guest: ada }, "desk")).booking,
    );
    expect(byName[1]).to.have.nested.property("value.guest_id").not.equal(second);
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("Two desks that book for a new guest at once get the same guest", async () => {
    const desk = await openDesk(platform);
    const link = (trx: Trx) => linkGuest(trx, desk.hotelId, ada);
    const [first, second] = await meanwhile(desk, link, link);
    expect(second).to.deep.equal({ status: "fulfilled", value: first });
    const stay = { check_in_at: desk.day(0), expected_check_out_at: desk.day(1), room_id: desk.roomIds[0] };
    const order = { ...stay, adults: 1, children: 0, room_locked: false, guest: grace };
    const [linked, booked] = await meanwhile(
      desk,
      (trx) => linkGuest(trx, desk.hotelId, grace),
      async (trx) => (await reserve(trx, desk.hotelId, order, "desk")).booking,
    );
    expect(booked).to.have.nested.property("value.guest_id", linked);
  });

  it("A booking by name never belongs to a guest who is anonymized at the same time", async () => {
    const desk = await openDesk(platform, { rooms: 3 });
    let won = 0;
    for (let round = 0; round < 10; round += 1) {
      const contact = { name: `Ada ${round}`, email: `ada.${round}@example.com` };
      const { booking_id: id, guest_id: guest } = await desk.booked(round, round + 1, { guest: contact });
      await desk.operate("cancel", id);
      const book = (room: number, who: object) =>
        desk.book(round, round + 1, { room_id: desk.roomIds[room], guest: undefined, ...who });
      const [forgotten, byName, byId] = await Promise.all([
        desk.manage("POST", `/guests/${guest}/anonymize`, {}),
        book(1, { guest: contact }),
        book(2, { guest_id: guest }),
      ]);
      if (forgotten.status === 200) won += 1;
      else expect(forgotten.body.code, forgotten.text).to.equal("GUEST_EXPECTED");
      expect(byName.status, byName.text).to.equal(201);
      expect(byId.body.code ?? byId.status, byId.text).to.be.oneOf([201, "GUEST_ANONYMOUS"]);
      const named = await platform
        .owner("pms.bookings as b")
        .join("pms.guests as g", (on) => on.on("g.hotel_id", "b.hotel_id").andOn("g.guest_id", "b.guest_id"))
        .where("b.hotel_id", desk.hotelId)
        .whereNotNull("g.anonymized_at")
        .whereNot("b.guest_name", "Anonymous")
        .select("b.guest_name", "b.status");
      expect(named, `round ${round}, ${won} forgotten`).to.deep.equal([]);
    }
    await checkInvariants(platform.owner, desk.hotelId);
  });
});
