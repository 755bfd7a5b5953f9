import { expect } from "chai";

import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { type Desk, openDesk } from "../testing/desk.ts";
import { checkInvariants } from "../testing/model_tests/invariants.ts";

describe("A retired room", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const retire = (desk: Desk, day: number | null, room = 0, more: object = {}) =>
    desk.manage("PATCH", `/rooms/${desk.roomIds[room]}`, {
      retired_from: day === null ? null : desk.day(day),
      ...more,
    });
  const numbers = (rooms: readonly { room_number: string }[]) => rooms.map(({ room_number }) => room_number);
  const free = async (desk: Desk, from: number, to: number) => {
    const found = await desk.get(`/rooms/available?check_in=${desk.day(from)}&check_out=${desk.day(to)}`);
    return numbers(found.body.items as { room_number: string }[]);
  };

  it("A room is not retired on a past day or while later bookings have it, also not with force", async () => {
    const desk = await openDesk(platform);
    const other = await openDesk(platform);
    const { booking_id: id } = await desk.booked(2, 5);
    const refused = await retire(desk, 4, 0, { force: true });
    expect([refused.status, refused.body.code, refused.body.bookings_count]).to.deep.equal([
      409,
      "ROOM_HAS_BOOKINGS",
      1,
    ]);
    expect(refused.body.bookings[0].booking_id).to.equal(id);
    expect((await retire(desk, -1)).body.errors[0].pointer).to.equal("/retired_from");
    expect((await retire(desk, 5)).body.retired_from).to.equal(desk.day(5));
    expect((await desk.get(`/rooms/${desk.roomIds[0]}`)).body.retired_from).to.equal(desk.day(5));
    const foreign = await desk.manage("PATCH", `/rooms/${other.roomIds[0]}`, { retired_from: desk.day(0) });
    expect(foreign.status).to.equal(404);
    const asDesk = await platform.client.patch(
      `/rooms/${desk.roomIds[0]}`,
      { retired_from: null },
      { token: desk.receptionistToken },
    );
    expect(asDesk.status).to.equal(403);
  });

  it("A room is not retired while a guest is in house, or was charged for a night from that day on", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    await desk.manage("PATCH", "/policies", { overstays: "leave" });
    const short = await desk.booked(0, 2, { room_id: desk.roomIds[1] });
    await desk.operate("check-in", short.booking_id);
    await desk.operate("check-out", short.booking_id, { left_on: desk.day(0) });
    expect((await retire(desk, 0, 1)).body.code).to.equal("ROOM_HAS_BOOKINGS");
    expect((await retire(desk, 1, 1)).status).to.equal(200);
    const overdue = await desk.booked(0, 1);
    await desk.operate("check-in", overdue.booking_id);
    for (let day = 0; day < 2; day += 1) await desk.closeDay();
    expect((await retire(desk, 4)).body.code).to.equal("ROOM_HAS_BOOKINGS");
  });

  it("No operation gives a retired room to a stay from that day on, and each one does before it", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const [first, second] = desk.roomIds;
    await retire(desk, 3);
    const code = async (answer: Promise<{ body: { code?: string } }>) => (await answer).body.code;
    const { booking_id: until } = await desk.booked(1, 3);
    expect(await code(desk.book(2, 4))).to.equal("ROOM_RETIRED");
    expect(await code(desk.amend(until, { expected_check_out_at: desk.day(4) }))).to.equal("ROOM_RETIRED");
    const { booking_id: beyond } = await desk.booked(3, 5, { room_id: second });
    expect(await code(desk.operate("move", beyond, { room_id: first }))).to.equal("ROOM_RETIRED");
    const closure = { from: desk.day(3), to: desk.day(4), reason: "gone" };
    expect(await code(desk.manage("POST", `/rooms/${first}/closures`, closure))).to.equal("ROOM_RETIRED");
    expect(await free(desk, 3, 4)).to.deep.equal([]);
    expect(await free(desk, 0, 1)).to.deep.equal(["101", "102"]);
    expect(await code(desk.book(4, 5, { room_type_id: desk.roomTypeId }))).to.equal("NO_ROOM_FREE");
    // A stay that was canceled before does not come back into it.
    await retire(desk, null);
    const { booking_id: canceled } = await desk.booked(6, 7);
    await desk.operate("cancel", canceled);
    expect((await retire(desk, 3)).status).to.equal(200);
    expect(await code(desk.operate("reinstate", canceled))).to.equal("ROOM_RETIRED");
    expect((await retire(desk, null)).body.retired_from).to.equal(null);
    expect((await desk.operate("reinstate", canceled)).body.status).to.equal("confirmed");
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("A repacking uses a retired room only for nights before its retirement", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const repack = (from: number, to: number) =>
      desk.manage("POST", "/rooms/repack", {
        room_type_id: desk.roomTypeId,
        check_in: desk.day(from),
        check_out: desk.day(to),
      });
    await retire(desk, 6);
    await desk.booked(2, 4, { room_id: desk.roomIds[0] });
    await desk.booked(5, 8, { room_id: desk.roomIds[1] });
    // Both rooms are taken on one of the nights. Only the stay in the first room can move, to the second one.
    expect((await repack(3, 5)).body.moves ?? []).to.deep.equal([]);
    expect((await repack(3, 6)).body.moves).to.have.length(1);
    expect((await repack(6, 9)).body.code).to.equal("NO_ROOM_FREE");
  });

  it("A retired room leaves the chart, board and figures from that day on, and keeps its history", async () => {
    const desk = await openDesk(platform, { rooms: 3, rate: "100.00" });
    const slept = await desk.booked(0, 1);
    await desk.operate("check-in", slept.booking_id);
    await desk.closeDay();
    await desk.operate("check-out", slept.booking_id);
    await desk.manage("PATCH", `/rooms/${desk.roomIds[1]}`, { status: "out_of_order" });
    expect((await retire(desk, 2)).status).to.equal(200);
    await retire(desk, 2, 1);
    const chart = async (day: number) =>
      numbers((await desk.get(`/rooms/chart?from=${desk.day(day)}&to=${desk.day(day + 1)}`)).body.rooms as []);
    expect(await chart(1)).to.deep.equal(["101", "102", "103"]);
    expect(await chart(2)).to.deep.equal(["103"]);
    const dirty = async () => numbers((await desk.get("/operations/today")).body.dirty_rooms as []);
    expect(await dirty()).to.deep.equal(["101"]);
    const today = await desk.closeDay();
    expect(today.body).to.include({ rooms: 3, out_of_order: 1, sold: 0 });
    expect(await dirty()).to.deep.equal([]);
    const report = async () => {
      const options = { token: desk.managerToken, headers: { accept: "text/csv" } };
      const body = { from: desk.day(0), to: desk.day(3) };
      const lines = (await platform.client.post("/reports/occupancy", body, options)).text.trim().split("\r\n");
      return lines.slice(1).map((line) => line.split(",").slice(1, 5).join(" "));
    };
    // Whether it is closed, rooms, out of order, sold.
    expect(await report()).to.deep.equal(["true 3 0 1", "true 3 1 0", "false 1 0 0", "false 1 0 0"]);
    expect((await desk.closeDay()).body).to.include({ rooms: 1, out_of_order: 0 });
    expect(await report()).to.deep.equal(["true 3 0 1", "true 3 1 0", "true 1 0 0", "false 1 0 0"]);
    expect((await desk.get(`/bookings/${slept.booking_id}`)).body.room_number).to.equal("101");
    // It comes back, and the closed days stay as they were. Another field of a retired room can be changed.
    expect((await retire(desk, null, 1)).status).to.equal(200);
    expect(
      (await desk.manage("PATCH", `/rooms/${desk.roomIds[0]}`, { retired_from: desk.day(2), rate: "1.00" })).status,
    ).to.equal(200);
    expect(await report()).to.deep.equal(["true 3 0 1", "true 3 1 0", "true 1 0 0", "false 2 1 0"]);
  });

  it("The close of the day does not extend an overstay in a retired room", async () => {
    const desk = await openDesk(platform);
    const { booking_id: id } = await desk.booked(0, 1);
    await desk.operate("check-in", id);
    await retire(desk, 1);
    await desk.closeDay();
    const closed = await desk.closeDay();
    expect(closed.body).to.include({ rooms: 0, sold: 0, overdue: 1, overstays: 0 });
    expect((await desk.operate("check-out", id)).body.total_amount).to.equal("100.00");
  });

  it("Two concurrent requests never both retire a room and book it", async () => {
    const desk = await openDesk(platform, { rooms: 6 });
    for (const [room, id] of desk.roomIds.entries()) {
      const choice = room % 2 === 0 ? { room_id: id } : { room_type_id: desk.roomTypeId };
      await Promise.all([desk.book(1, 3, choice), retire(desk, 1, room)]);
    }
    await checkInvariants(platform.owner, desk.hotelId);
  });
});
