import { expect } from "chai";

import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { type Desk, openDesk } from "../testing/desk.ts";

describe("A room that has not been cleaned", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  /** Opens a desk with three rooms. The first is dirty. */
  const dirtyDesk = async (policy?: string): Promise<Desk> => {
    const desk = await openDesk(platform, { rooms: 3 });
    if (policy !== undefined) await desk.manage("PATCH", "/policies", { dirty_room_check_in: policy });
    await setState(desk, 0, "dirty");
    return desk;
  };
  const setState = (desk: Desk, room: number, housekeeping: string) =>
    desk.manage("PATCH", `/rooms/${desk.roomIds[room]}`, { housekeeping });
  const readyRooms = (answer: { body: { ready_rooms: { room_number: string }[] } }) =>
    answer.body.ready_rooms.map(({ room_number }) => room_number);

  it("A dirty room is accepted by default, and with the policy `allow`", async () => {
    for (const policy of [undefined, "allow"]) {
      const desk = await dirtyDesk(policy);
      const { booking_id: id } = await desk.booked(0, 1);
      expect((await desk.operate("check-in", id)).body.status).to.equal("in_house");
      expect((await desk.get("/policies")).body.dirty_room_check_in).to.equal("allow");
    }
  });

  it("With `warn`, a check-in needs the desk's acceptance, and the refusal names the ready rooms", async () => {
    const desk = await dirtyDesk("warn");
    const { booking_id: id } = await desk.booked(0, 1);
    const warned = await desk.operate("check-in", id);
    expect([warned.status, warned.body.code]).to.deep.equal([409, "ROOM_NOT_CLEAN"]);
    expect(readyRooms(warned)).to.deep.equal(["102", "103"]);
    expect((await desk.get(`/bookings/${id}`)).body.status).to.equal("confirmed");
    expect((await desk.operate("check-in", id, { accept_dirty_room: true })).body.status).to.equal("in_house");
  });

  it("With `refuse`, a check-in waits until the room is clean, even if the desk accepts the room", async () => {
    const desk = await dirtyDesk("refuse");
    const { booking_id: id } = await desk.booked(0, 1);
    const refused = await desk.operate("check-in", id, { accept_dirty_room: true });
    expect([refused.status, refused.body.code]).to.deep.equal([409, "ROOM_NOT_CLEAN"]);
    await setState(desk, 0, "inspected");
    expect((await desk.operate("check-in", id)).body.status).to.equal("in_house");
  });

  it("The ready rooms leave out rooms that are taken, occupied, out of service or dirty", async () => {
    const desk = await openDesk(platform, { rooms: 6 });
    await desk.manage("PATCH", "/policies", { dirty_room_check_in: "refuse" });
    for (const room of [0, 1]) await setState(desk, room, "dirty");
    await desk.manage("PATCH", `/rooms/${desk.roomIds[2]}`, { status: "out_of_service" });
    const inside = await desk.booked(0, 1, { room_id: desk.roomIds[3] });
    await desk.operate("check-in", inside.booking_id);
    await desk.booked(1, 2, { room_id: desk.roomIds[4] });
    const { booking_id: id } = await desk.booked(0, 3);
    expect(readyRooms(await desk.operate("check-in", id))).to.deep.equal(["106"]);
  });

  it("The policy applies to a move of a guest in house, and not to a stay that has not begun", async () => {
    const desk = await dirtyDesk("warn");
    const inside = await desk.booked(0, 30, { room_id: desk.roomIds[1] });
    await desk.operate("check-in", inside.booking_id);
    const toDirty = { room_id: desk.roomIds[0] };
    const warned = await desk.operate("move", inside.booking_id, toDirty);
    expect([warned.status, warned.body.code]).to.deep.equal([409, "ROOM_NOT_CLEAN"]);
    expect(readyRooms(warned)).to.deep.equal(["103"]);
    expect((await desk.get(`/bookings/${inside.booking_id}`)).body.room_id).to.equal(desk.roomIds[1]);
    const later = await desk.booked(33, 34, { room_id: desk.roomIds[2] });
    expect((await desk.operate("move", later.booking_id, toDirty)).status).to.equal(200);
    const accepted = await desk.operate("move", inside.booking_id, { ...toDirty, accept_dirty_room: true });
    expect(accepted.body.room_id).to.equal(desk.roomIds[0]);
  });

  it("The policy applies to each guest in house whose room is swapped", async () => {
    for (const policy of ["allow", "warn", "refuse"]) {
      const desk = await openDesk(platform, { rooms: 3 });
      const [first, second] = await Promise.all(
        desk.roomIds.map((room, at) => desk.booked(0, 30, { room_id: room, guest: { name: `Guest ${at}` } })),
      );
      for (const here of [first, second]) await desk.operate("check-in", here.booking_id);
      await desk.manage("PATCH", "/policies", { dirty_room_check_in: policy });
      await setState(desk, 1, "dirty");
      const swap = (one: { booking_id: string }, other: { booking_id: string }, more = {}) =>
        desk.operate("swap", one.booking_id, { other_booking_id: other.booking_id, ...more });
      for (const [one, other] of [
        [first, second],
        [second, first],
      ]) {
        const answer = await swap(one, other);
        expect(answer.body.code, policy).to.equal(policy === "allow" ? undefined : "ROOM_NOT_CLEAN");
        if (policy !== "allow") expect(answer.body.detail).to.include("Room 102 has not been cleaned.");
        expect((await desk.get(`/bookings/${first.booking_id}`)).body.room_id === first.room_id).to.equal(
          policy !== "allow" || one === second,
        );
      }
      const accepted = await swap(first, second, { accept_dirty_room: true });
      expect(accepted.body.code, policy).to.equal(policy === "refuse" ? "ROOM_NOT_CLEAN" : undefined);
    }
  });
});
