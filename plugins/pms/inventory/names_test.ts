import { expect } from "chai";

import { newId } from "../../../core/mod.ts";
import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { up } from "../migrations/0013_names_that_look_alike.ts";
import { openDesk, type Desk } from "../testing/desk.ts";

describe("Names that are invisible or look alike", () => {
  let platform: TestPlatform;
  let desk: Desk;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
    desk = await openDesk(platform, { rooms: 2 });
  });
  after(() => platform.close());

  const addRoom = (number: string) =>
    desk.manage("POST", "/rooms/", { room_number: number, room_type_id: desk.roomTypeId });
  const addType = (name: string) => desk.manage("POST", "/room-types/", { name, capacity: 2, rate: "100.00" });

  it("Invisible names are refused for guests, rooms, room types, closures and hotels", async () => {
    const answers = {
      "/guest/name": await desk.book(0, 1, { guest: { name: "\u200b" } }),
      "/room_number": await addRoom("101\u200b"),
      "/name": await addType("\u2060"),
      "/reason": await desk.manage("POST", `/rooms/${desk.roomIds[0]}/closures`, {
        from: desk.day(1),
        to: desk.day(2),
        reason: "\u3164",
      }),
    };
    for (const [pointer, { status, body }] of Object.entries(answers)) {
      expect([status, body.errors?.[0].pointer], pointer).to.deep.equal([400, pointer]);
    }
    const hotel = await desk.manage("PATCH", "/hotels/me", { name: "See\u0000blick" });
    expect([hotel.status, hotel.body.errors[0].pointer]).to.deep.equal([400, "/name"]);
  });

  it("The number of a retired room is refused with that room and its day, until it has another number", async () => {
    const retired = await openDesk(platform, { rooms: 2 });
    const [first, second] = retired.roomIds;
    const add = (number: string) =>
      retired.manage("POST", "/rooms/", { room_number: number, room_type_id: retired.roomTypeId });
    const inUse = await add("１０２");
    expect(inUse.body).to.include({ code: "NAME_TAKEN", room_id: second, room_number: "102", retired_from: null });
    const day = retired.day(3);
    await retired.manage("PATCH", `/rooms/${first}`, { retired_from: day });
    for (const refused of [
      await add("101"),
      await add("１01"),
      await retired.manage("PATCH", `/rooms/${second}`, { room_number: "101" }),
    ]) {
      expect([refused.status, refused.body.code]).to.deep.equal([409, "NAME_TAKEN"]);
      expect(refused.body).to.include({ room_id: first, room_number: "101", retired_from: day });
      expect(refused.body.detail).to.include(`It is retired from ${day} on.`);
    }
    expect((await retired.manage("PATCH", `/rooms/${first}`, { room_number: "101" })).status, "its own").to.equal(200);
    expect((await retired.manage("PATCH", `/rooms/${first}`, { room_number: "101 (old)" })).status).to.equal(200);
    expect((await add("101")).status).to.equal(201);
    const both = await Promise.all(["103", "１０３"].map(add));
    expect(both.map(({ status }) => status).sort((a, b) => a - b)).to.deep.equal([201, 409]);
  });

  it("Notes keep line ends and are refused with other control characters", async () => {
    const { booking_id: id } = await desk.booked(0, 1, { notes: "quiet\r\nroom\tplease" });
    expect((await desk.get(`/bookings/${id}`)).body.notes).to.equal("quiet\r\nroom\tplease");
    expect((await desk.amend(id, { notes: "bell\u0007" })).status).to.equal(400);
    await desk.operate("cancel", id);
  });

  it("Room numbers that look alike are one number, in each hotel separately", async () => {
    for (const number of ["101", "１０１", "１01", "𝟏𝟎𝟏"]) {
      const refused = await addRoom(number);
      expect([refused.status, refused.body.code], number).to.deep.equal([409, "NAME_TAKEN"]);
    }
    const made = await addRoom("Ａ１");
    expect([made.status, made.body.room_number]).to.deep.equal([201, "A1"]);
    expect((await addRoom("a1")).status).to.equal(409);
    const renamed = await desk.manage("PATCH", `/rooms/${made.body.room_id}`, { room_number: "１０２" });
    expect(renamed.body.code).to.equal("NAME_TAKEN");
    const other = await openDesk(platform, { rooms: 1 });
    const theirs = { room_number: "A1", room_type_id: other.roomTypeId };
    expect((await other.manage("POST", "/rooms/", theirs)).status).to.equal(201);
    expect((await desk.manage("DELETE", `/rooms/${made.body.room_id}`)).status).to.equal(200);
  });

  it("Names of room types that look alike are one name, and keep a joiner that the word needs", async () => {
    for (const name of ["Double\u200b", "Ｄｏｕｂｌｅ", "DOUBLE", "Dou\u00adble", "Double \u200b"])
      expect((await addType(name)).body.code, JSON.stringify(name)).to.equal("NAME_TAKEN");
    const persian = await addType("اتاق دو\u200cنفره");
    expect([persian.status, persian.body.name]).to.deep.equal([201, "اتاق دو\u200cنفره"]);
    expect((await addType("اتاق دونفره")).body.code).to.equal("NAME_TAKEN");
    expect((await addType("Two  beds")).status).to.equal(201);
    expect((await addType("two beds")).body.code).to.equal("NAME_TAKEN");
  });

  it("Names from before the rule stay readable and can be corrected", async () => {
    const facts = { hotel_id: desk.hotelId, room_type_id: desk.roomTypeId };
    const rooms = [101, 102].map(() => ({ ...facts, room_id: newId(), room_number: "101\u200b", duplicate: 0 }));
    for (const [index, room] of rooms.entries())
      await platform.owner("pms.rooms").insert({ ...room, duplicate: index + 1 });
    const [old, older] = rooms.map(({ room_id: id }) => `/rooms/${id}`) as [string, string];
    expect((await desk.get(old)).body.room_number).to.equal("101\u200b");
    // Other fields can be changed, and the number to none that another room has.
    expect((await desk.manage("PATCH", old, { rate: "90.00" })).status).to.equal(200);
    expect((await desk.manage("PATCH", old, { room_number: "102" })).body.code).to.equal("NAME_TAKEN");
    expect((await desk.manage("PATCH", old, { room_number: "101b" })).status).to.equal(200);
    expect((await desk.manage("PATCH", older, { room_number: "101B" })).body.code).to.equal("NAME_TAKEN");
    expect((await desk.manage("PATCH", older, { room_number: "101c" })).status).to.equal(200);
  });

  it("A migration numbers the duplicate names of an existing database", async () => {
    const facts = { hotel_id: desk.hotelId, room_type_id: desk.roomTypeId };
    const numbers = ["77", "77\u200b", "７７", "77\u200b\u200b", "78"];
    const trx = await platform.owner.transaction();
    try {
      await trx.raw(`
        DROP INDEX pms.rooms_number, pms.room_types_name;
        DROP TRIGGER renew_duplicate ON pms.rooms; DROP TRIGGER renew_duplicate ON pms.room_types;
        DROP FUNCTION pms.name_key, pms.renew_rooms_duplicate, pms.renew_room_types_duplicate;
        ALTER TABLE pms.rooms DROP COLUMN duplicate; ALTER TABLE pms.room_types DROP COLUMN duplicate;
        CREATE UNIQUE INDEX room_types_name ON pms.room_types (hotel_id, lower(name));
        CREATE UNIQUE INDEX rooms_number ON pms.rooms (hotel_id, lower(room_number))`);
      for (const room_number of numbers) await trx("pms.rooms").insert({ ...facts, room_id: newId(), room_number });
      await up(trx);
      const rooms = await trx("pms.rooms").where(facts).whereIn("room_number", numbers).orderBy("room_id");
      const found = rooms.map((room: { room_number: string; duplicate: number }) => [room.room_number, room.duplicate]);
      expect(found).to.deep.equal(numbers.map((number, index) => [number, index < 4 ? index : 0]));
    } finally {
      await trx.rollback();
    }
  });

  it("Names are compared without the characters that Unicode calls ignorable, and with all others", async () => {
    const ignorable: string[] = [];
    const others: string[] = [];
    for (let code = 1; code <= 0x10ffff; code += 1) {
      if (code >= 0xd800 && code < 0xe000) continue;
      const character = String.fromCodePoint(code);
      if (/\p{Default_Ignorable_Code_Point}/u.test(character)) ignorable.push(character);
      // Most of the planes: every assigned symbol and punctuation mark of the lowest.
      else if (code < 0x3000 && /[\p{S}\p{P}\p{Cf}]/u.test(character)) others.push(character);
    }
    const { rows } = (await platform.owner.raw(
      `SELECT pms.name_key(?) AS gone,
         (SELECT array_agg(c) FROM unnest(?::text[]) AS c WHERE pms.name_key(c) = '') AS lost`,
      [ignorable.join(""), others],
    )) as { rows: { gone: string; lost: string[] | null }[] };
    expect(rows).to.deep.equal([{ gone: "", lost: null }]);
  });
});
