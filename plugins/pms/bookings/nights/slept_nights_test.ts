import { expect } from "chai";

import { instantOf } from "../../../../core/mod.ts";
import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { closeAt, moveAt } from "../../testing/close_at.ts";
import { type Desk, openDesk } from "../../testing/desk.ts";
import { checkInvariants } from "../../testing/model_tests/invariants.ts";

const zone = "Europe/Berlin";

describe("A guest who changes rooms before the day is closed", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const at = (desk: Desk, day: number, time: string): Date => instantOf(desk.day(day), time, zone);
  const here = async (desk: Desk, to: number, room = 0, name = "Ada Lovelace"): Promise<string> => {
    const { booking_id: id } = await desk.booked(0, to, { room_id: desk.roomIds[room], guest: { name } });
    await desk.operate("check-in", id);
    return id as string;
  };
  /** Returns the rooms of a booking's nights, as indexes of `desk.roomIds`. */
  const roomsOf = async (desk: Desk, id: string): Promise<number[]> => {
    const { nights } = (await desk.get(`/bookings/${id}`)).body as { nights: { room_id: string }[] };
    return nights.map(({ room_id: room }) => desk.roomIds.indexOf(room));
  };
  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => "OK",
      (error: { code: string }) => error.code,
    );

  it("A move keeps the room of a slept night, even if another guest slept in the new room", async () => {
    const desk = await openDesk(platform, { rooms: 2, rate: "100.00" });
    const [first = "", second = ""] = desk.roomIds;
    const before = await here(desk, 1, 1, "Before");
    const id = await here(desk, 3);
    await desk.operate("check-out", before);
    await moveAt(platform, desk.hotelId, id, { room: second, now: at(desk, 1, "09:00") });
    expect(await roomsOf(desk, id)).to.deep.equal([0, 1, 1]);
    expect((await desk.get(`/bookings/${id}`)).body).to.include({ room_id: second, total_amount: "300.00" });
    expect((await desk.book(0, 1)).body.code, "the slept night").to.equal("ROOM_TAKEN");
    expect((await desk.book(1, 3)).status, "the old room is free from the next night on").to.equal(201);
    await checkInvariants(platform.owner, desk.hotelId);
    expect((await desk.closeDay()).body).to.include({ sold: 2, guests: 2, room_revenue: "200.00" });
    await checkInvariants(platform.owner, desk.hotelId);
    const chart = (await desk.get(`/rooms/chart?from=${desk.day(0)}&to=${desk.day(1)}`)).body;
    const inFirst = chart.rooms.find(({ room_id: room }: { room_id: string }) => room === first);
    expect(inFirst.stays.map(({ booking_id: one }: { booking_id: string }) => one)).to.deep.equal([id]);
  });

  it("Until 04:00 on the hotel's clock, a move applies to the night that is being slept", async () => {
    for (const [hotelZone, now, rooms] of [
      [zone, "2030-03-31T00:59:00Z", [1, 1, 1]],
      // 03:59, although midnight was only three hours ago: summer time begins.
      [zone, "2030-03-31T01:59:00Z", [1, 1, 1]],
      [zone, "2030-03-31T02:00:00Z", [0, 1, 1]],
      ["Pacific/Honolulu", "2030-03-31T13:59:00Z", [1, 1, 1]],
      ["Pacific/Honolulu", "2030-03-31T14:00:00Z", [0, 1, 1]],
      ["Pacific/Kiritimati", "2030-03-30T14:00:00Z", [0, 1, 1]],
    ] as const) {
      const desk = await openDesk(platform, { rooms: 2, settings: { time_zone: hotelZone } });
      const hotel = platform.owner("identity.hotels").where({ hotel_id: desk.hotelId });
      await hotel.update({ business_date: "2030-03-30", valid_to: "2100-01-01" });
      const stay = { check_in_at: "2030-03-30", expected_check_out_at: "2030-04-02" };
      const { booking_id: id } = await desk.booked(0, 1, stay);
      await desk.operate("check-in", id);
      await moveAt(platform, desk.hotelId, id, { room: desk.roomIds[1] ?? "", now: new Date(now) });
      expect(await roomsOf(desk, id), `${hotelZone} at ${now}`).to.deep.equal(rooms);
    }
  });

  it("A move is refused if the guest has slept all booked nights", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const [, second = ""] = desk.roomIds;
    const id = await here(desk, 1);
    expect(await codeOf(moveAt(platform, desk.hotelId, id, { room: second, now: at(desk, 1, "09:00") }))).to.equal(
      "WRONG_DAY",
    );
    await moveAt(platform, desk.hotelId, id, { room: second, now: at(desk, 1, "00:45") });
    expect(await roomsOf(desk, id), "in the middle of the night").to.deep.equal([1]);
  });

  it("Slept nights keep their rooms while their days are open, and after a day was closed too early", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const [first = "", second = ""] = desk.roomIds;
    const id = await here(desk, 4);
    await moveAt(platform, desk.hotelId, id, { room: second, now: at(desk, 2, "09:00") });
    expect(await roomsOf(desk, id)).to.deep.equal([0, 0, 1, 1]);
    for (const day of [0, 1, 2]) await closeAt(platform, desk.hotelId, desk.day(day), at(desk, 3, "12:00"));
    await moveAt(platform, desk.hotelId, id, { room: first, now: at(desk, 2, "23:00") });
    expect(await roomsOf(desk, id), "the business date is ahead of the calendar").to.deep.equal([0, 0, 1, 0]);
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("A swap gives each guest the other room from that guest's first night ahead", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const [ada, grace] = [await here(desk, 3), await here(desk, 2, 1, "Grace")];
    await moveAt(platform, desk.hotelId, ada, { other: grace, now: at(desk, 1, "09:00") });
    expect([await roomsOf(desk, ada), await roomsOf(desk, grace)]).to.deep.equal([
      [0, 1, 1],
      [1, 0],
    ]);
    await checkInvariants(platform.owner, desk.hotelId);
  });

  it("An amendment to another room keeps slept nights, and an undone check-in can be repeated", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const [, second] = desk.roomIds;
    const id = await here(desk, 30);
    // An amendment uses the real calendar, which is days ahead of this desk.
    const amended = await desk.amend(id, { room_id: second });
    expect(amended.status, amended.text).to.equal(200);
    expect((await roomsOf(desk, id)).slice(0, 8)).to.deep.equal([0, 0, 0, 0, 0, 0, 0, 0]);
    expect((await roomsOf(desk, id)).at(-1)).to.equal(1);
    expect((await desk.operate("undo-check-in", id)).status).to.equal(200);
    await checkInvariants(platform.owner, desk.hotelId);
    expect((await desk.operate("check-in", id)).body).to.include({ status: "in_house", room_id: second });
    await checkInvariants(platform.owner, desk.hotelId);
  });
});
