import { expect } from "chai";

import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { type Desk, openDesk } from "../testing/desk.ts";

describe("The list of housekeeping", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const roomsOf = async (desk: Desk) => (await desk.get("/housekeeping")).body.rooms as Record<string, unknown>[];
  const set = (desk: Desk, room_ids: readonly unknown[], housekeeping = "dirty") =>
    platform.client.patch("/housekeeping", { room_ids, housekeeping }, { token: desk.receptionistToken });
  const statesOf = async (desk: Desk) => (await roomsOf(desk)).map(({ housekeeping }) => housekeeping);

  it("The list has each room with its guests, next arrival, closure and floor, and no name of a guest", async () => {
    const desk = await openDesk(platform, { rooms: 6 });
    const [leaving, staying, late, closed, retired, free] = desk.roomIds;
    await desk.manage("PATCH", "/policies", { overstays: "leave" });
    await desk.manage("PATCH", `/rooms/${leaving}`, { floor: "Annex" });
    const bookings = [await desk.booked(0, 1, { room_id: leaving }), await desk.booked(0, 4, { room_id: staying })];
    for (const { booking_id: id } of bookings) await desk.operate("check-in", id);
    await desk.closeDay();
    const next = await desk.booked(1, 2, { room_id: leaving, adults: 1, children: 1 });
    await desk.booked(2, 3, { room_id: late });
    await desk.booked(4, 5, { room_id: staying });
    await desk.manage("POST", `/rooms/${closed}/closures`, {
      from: desk.day(1),
      to: desk.day(3),
      reason: "new carpet",
    });
    await desk.manage("POST", `/rooms/${free}/closures`, { from: desk.day(2), to: desk.day(3), reason: "new carpet" });
    await desk.manage("PATCH", `/rooms/${retired}`, { retired_from: desk.day(1) });
    await desk.manage("PATCH", `/rooms/${free}`, { status: "out_of_order" });
    const { text } = await desk.get("/housekeeping");
    expect(text).not.to.include("Lovelace");
    const rooms = await roomsOf(desk);
    const plain = {
      floor: null,
      room_type_id: desk.roomTypeId,
      room_type: "Double",
      status: "available",
      housekeeping: "clean",
      is_closed: false,
      is_occupied: false,
      is_due_out: false,
      next_arrival_at: null,
      next_guests: null,
    };
    const dueIn = { next_arrival_at: next.check_in_at, next_guests: 2 };
    expect(rooms).to.deep.equal([
      { ...plain, ...dueIn, room_id: leaving, room_number: "101", floor: "Annex", is_occupied: true, is_due_out: true },
      { ...plain, room_id: staying, room_number: "102", is_occupied: true },
      { ...plain, room_id: late, room_number: "103" },
      { ...plain, room_id: closed, room_number: "104", is_closed: true },
      { ...plain, room_id: free, room_number: "106", status: "out_of_order" },
    ]);
    await desk.closeDay();
    const [overdue] = await roomsOf(desk);
    expect(overdue, "a guest who should have left").to.include({ is_occupied: true, is_due_out: true });
  });

  it("The list answers 304 to its ETag until a room changes", async () => {
    const desk = await openDesk(platform);
    const etag = (await desk.get("/housekeeping")).headers.get("etag") ?? "";
    const ask = () =>
      platform.client.get("/housekeeping", { token: desk.receptionistToken, headers: { "if-none-match": etag } });
    expect((await ask()).status).to.equal(304);
    await set(desk, desk.roomIds);
    expect((await ask()).status).to.equal(200);
  });

  it("One request sets several rooms, occupied ones too, and answers the states before", async () => {
    const desk = await openDesk(platform, { rooms: 3 });
    const [first, second] = desk.roomIds;
    const { booking_id: id } = await desk.booked(0, 2);
    await desk.operate("check-in", id);
    await set(desk, [second], "inspected");
    const changed = await set(desk, [second, first, second]);
    expect([changed.status, changed.body.rooms]).to.deep.equal([
      200,
      [
        { room_id: second, room_number: "102", housekeeping: "dirty", before: "inspected" },
        { room_id: first, room_number: "101", housekeeping: "dirty", before: "clean" },
      ],
    ]);
    expect(await statesOf(desk)).to.deep.equal(["dirty", "dirty", "clean"]);
    const etag = (await desk.get(`/rooms/${first}`)).headers.get("etag");
    const late = await platform.client.patch(
      `/rooms/${first}/housekeeping`,
      { housekeeping: "clean" },
      { token: desk.receptionistToken, headers: { "if-match": '"1"' } },
    );
    expect([etag, late.status], "a new version of the room").to.deep.equal(['"2"', 412]);
  });

  it("A request with an unknown, retired or other hotel's room changes none of its rooms", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const other = await openDesk(platform);
    const [first, retired] = desk.roomIds;
    await desk.manage("PATCH", `/rooms/${retired}`, { retired_from: desk.day(0) });
    for (const id of [retired, other.roomIds[0], "0197b1f5-0000-7000-8000-000000000000"]) {
      const refused = await set(desk, [first, id]);
      expect([refused.status, refused.body.code, refused.body.room_ids]).to.deep.equal([404, "NOT_FOUND", [id]]);
    }
    expect(await statesOf(desk)).to.deep.equal(["clean"]);
    expect(await statesOf(other)).to.deep.equal(["clean"]);
    for (const ids of [[], ["101"], Array.from({ length: 501 }, () => first)])
      expect((await set(desk, ids)).status).to.equal(400);
    expect((await set(desk, [first], "tidy")).status).to.equal(400);
  });

  it("Requests with the same rooms in another order never deadlock", async () => {
    const desk = await openDesk(platform, { rooms: 8 });
    const reversed = [...desk.roomIds].reverse();
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_none, at) =>
        set(desk, at % 2 === 0 ? desk.roomIds : reversed, at % 2 === 0 ? "dirty" : "clean"),
      ),
    );
    expect(answers.map(({ status }) => status)).to.deep.equal(Array.from({ length: 12 }, () => 200));
    expect(new Set(await statesOf(desk)).size).to.equal(1);
  });
});
