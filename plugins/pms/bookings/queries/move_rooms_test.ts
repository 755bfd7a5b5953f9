import { expect } from "chai";

import { instantOf } from "../../../../core/mod.ts";
import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { moveRoomsAt } from "../../testing/close_at.ts";
import { type Desk, openDesk } from "../../testing/desk.ts";

interface MoveRoom {
  readonly room_id: string;
  readonly room_number: string;
  readonly is_same_type: boolean;
  readonly is_ready: boolean;
  readonly occupied_by: { readonly guest_name: string } | null;
  readonly restrictions: readonly string[];
}

describe("The rooms for a move", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const roomsFor = async (desk: Desk, bookingId: string, more = "") => {
    const { body } = await desk.get(`/bookings/${bookingId}/rooms${more}`);
    return body as { from: string | null; to: string; items: readonly MoveRoom[] };
  };
  const numbers = (items: readonly MoveRoom[]): string[] => items.map(({ room_number: number }) => number);
  /** Adds a room type with one room. */
  const addRoom = async (desk: Desk, number: string, type: Readonly<Record<string, unknown>>) => {
    const { body } = await desk.manage("POST", "/room-types/", { name: `Type of ${number}`, rate: "1", ...type });
    const room = await desk.manage("POST", "/rooms/", { room_number: number, room_type_id: body.room_type_id });
    return { typeId: body.room_type_id as string, roomId: room.body.room_id as string };
  };

  it("Each listed room takes the booking, and each other room refuses it", async () => {
    const desk = await openDesk(platform, { rooms: 10 });
    const [own, taken, closed, retired, broken, off, occupied, dirty, tight] = desk.roomIds;
    const other = await addRoom(desk, "201", { capacity: 2 });
    const small = await addRoom(desk, "301", { capacity: 1 });
    const guest = { guest: { name: "Grace Hopper" } };
    const { booking_id: late } = await desk.booked(0, 1, { ...guest, room_id: occupied });
    await desk.operate("check-in", late);
    await desk.manage("PATCH", "/policies", { overstays: "leave" });
    await desk.closeDay();
    await desk.closeDay();
    // The stay is from day 2 to day 5, and day 2 is the business date.
    const { booking_id: id } = await desk.booked(2, 5, { room_id: own, adults: 2 });
    await desk.booked(4, 6, { ...guest, room_id: taken });
    await desk.booked(5, 6, { ...guest, room_id: tight });
    await desk.manage("POST", `/rooms/${closed}/closures`, { from: desk.day(3), to: desk.day(4), reason: "paint" });
    await desk.manage("PATCH", `/rooms/${retired}`, { retired_from: desk.day(4) });
    await desk.manage("PATCH", `/rooms/${broken}`, { status: "out_of_order" });
    await desk.manage("PATCH", `/rooms/${off}`, { status: "out_of_service" });
    await desk.manage("PATCH", `/rooms/${dirty}/housekeeping`, { housekeeping: "dirty" });
    const { from, to, items } = await roomsFor(desk, id);
    expect([from, to]).to.deep.equal([desk.day(2), desk.day(5)]);
    expect(numbers(items)).to.deep.equal(["109", "110", "201", "108", "107"]);
    expect(items.map((room) => [room.is_ready, room.is_same_type, room.occupied_by?.guest_name ?? null])).to.deep.equal(
      [
        [true, true, null],
        [true, true, null],
        [true, false, null],
        [false, true, null],
        [false, true, "Grace Hopper"],
      ],
    );
    expect(numbers((await roomsFor(desk, id, "?limit=2")).items)).to.deep.equal(["109", "110"]);
    const listed = new Set(items.map(({ room_id: room }) => room));
    for (const room of [...desk.roomIds, other.roomId, small.roomId].filter((one) => one !== own)) {
      const moved = await desk.operate("move", id, { room_id: room });
      expect(moved.status, `${room}: ${moved.text}`).to.equal(listed.has(room) ? 200 : 409);
      if (moved.status === 200) await desk.operate("move", id, { room_id: own });
    }
  });

  it("A guest in house gets rooms that are in service, from tonight on by the clock", async () => {
    const desk = await openDesk(platform, { rooms: 4 });
    const [, off, soon, used] = desk.roomIds;
    const { booking_id: id } = await desk.booked(0, 4);
    await desk.operate("check-in", id);
    await desk.manage("PATCH", `/rooms/${off}`, { status: "out_of_service" });
    await desk.booked(2, 4, { room_id: soon });
    const { booking_id: before } = await desk.booked(0, 1, { room_id: used });
    await desk.operate("check-in", before);
    const roomsAt = async (day: number, time: string) => {
      const now = instantOf(desk.day(day), time, "Europe/Berlin");
      const { from, items } = await moveRoomsAt(platform, desk.hotelId, id, now);
      return [from, items.map((room) => [room.room_number, room.is_ready])];
    };
    expect(await roomsAt(0, "12:00")).to.deep.equal([desk.day(0), []]);
    // The business date is still day 0, but its night is over. Room 104 is free then, and its guest is still there.
    expect(await roomsAt(1, "12:00")).to.deep.equal([desk.day(1), [["104", false]]]);
    await desk.operate("check-out", before, { left_on: desk.day(1) });
    await desk.manage("PATCH", `/rooms/${used}/housekeeping`, { housekeeping: "clean" });
    expect(await roomsAt(1, "12:00")).to.deep.equal([desk.day(1), [["104", true]]]);
    expect(await roomsAt(1, "03:00")).to.deep.equal([desk.day(0), []]);
    // All nights have been slept.
    expect(await roomsAt(4, "12:00")).to.deep.equal([null, []]);
  });

  it("A later arrival can have a room that is out of service now", async () => {
    const desk = await openDesk(platform, { rooms: 3 });
    await desk.manage("PATCH", `/rooms/${desk.roomIds[1]}`, { status: "out_of_service" });
    const { booking_id: id } = await desk.booked(2, 4);
    const { from, items } = await roomsFor(desk, id);
    expect(from).to.equal(desk.day(2));
    const listed = items.map((room) => [room.room_number, room.is_ready]);
    expect(listed).to.deep.equal([
      ["102", false],
      ["103", true],
    ]);
  });

  it("Another room type shows its restrictions, unless the booking had the same stay in that type before", async () => {
    const desk = await openDesk(platform);
    const other = await addRoom(desk, "201", { capacity: 2 });
    const { booking_id: id } = await desk.booked(1, 2);
    const restricted = { room_type_id: other.typeId, from: desk.day(1), to: desk.day(1) };
    await desk.manage("PUT", "/rates", { ...restricted, minimum_stay: 3, closed_to_arrival: true });
    const restrictionsOf = async () => (await roomsFor(desk, id)).items.map((room) => room.restrictions);
    expect(await restrictionsOf()).to.deep.equal([["closed_to_arrival", "minimum_stay"]]);
    const override = { override_restrictions: { reason: "a broken shower" } };
    const move = { room_id: other.roomId, ...override };
    expect((await desk.manage("PATCH", `/operations/move/${id}`, move)).status).to.equal(200);
    await desk.operate("move", id, { room_id: desk.roomIds[0] });
    expect(await restrictionsOf()).to.deep.equal([[]]);
    expect((await desk.amend(id, { expected_check_out_at: desk.day(3) })).status).to.equal(200);
    expect(await restrictionsOf()).to.deep.equal([[]]);
  });

  it("A booking that has ended has no room to move to, and an unknown one answers 404", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const { booking_id: id } = await desk.booked(1, 2);
    expect((await roomsFor(desk, id)).items).to.have.length(1);
    await desk.operate("cancel", id);
    expect(await roomsFor(desk, id)).to.deep.equal({ from: null, to: desk.day(2), items: [] });
    expect((await desk.get(`/bookings/${desk.roomTypeId}/rooms`)).status).to.equal(404);
  });
});
