import { expect } from "chai";

import { instantOf } from "../../../core/mod.ts";
import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { moveAt } from "../testing/close_at.ts";
import { openDesk } from "../testing/desk.ts";
import { fillHotel } from "../testing/full_hotel.ts";

describe("the board and the chart", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const names = (entries: { guest_name: string }[]): string[] => entries.map(({ guest_name }) => guest_name);

  it("The board lists arrivals, departures, guests in house, overdue guests and dirty rooms", async () => {
    const desk = await openDesk(platform, { rooms: 6 });
    await desk.manage("PATCH", "/policies", { overstays: "leave" });
    const guest = (name: string, room: number) => ({ guest: { name }, room_id: desk.roomIds[room] });
    const late = await desk.booked(0, 1, guest("Late", 0));
    const leaving = await desk.booked(0, 2, guest("Leaving", 1));
    const staying = await desk.booked(0, 5, guest("Staying", 2));
    const gone = await desk.booked(0, 1, guest("Gone", 3));
    for (const { booking_id: id } of [late, leaving, staying, gone]) await desk.operate("check-in", id);
    await desk.operate("check-out", gone.booking_id);
    await desk.booked(2, 3, guest("Coming", 4));
    await desk.booked(3, 4, guest("Not yet", 4));
    await desk.closeDay();
    await desk.closeDay();
    const { body: board } = await desk.get("/operations/today");
    expect(board.business_date).to.equal(desk.day(2));
    expect(names(board.arrivals)).to.deep.equal(["Coming"]);
    expect(names(board.departures)).to.deep.equal(["Leaving"]);
    expect(names(board.in_house)).to.deep.equal(["Late", "Leaving", "Staying"]);
    expect(names(board.overdue)).to.deep.equal(["Late"]);
    expect(board.dirty_rooms).to.deep.equal([{ room_id: desk.roomIds[3], room_number: "104" }]);
    expect(board.arrivals[0]).to.include({ room_number: "105", housekeeping: "clean", status: "confirmed" });
  });

  it("The chart shows each room with all stays and closures that overlap the range, long ones included", async () => {
    const desk = await openDesk(platform, { rooms: 3 });
    const [first, second] = desk.roomIds;
    const long = await desk.booked(0, 80);
    await desk.booked(1, 3, { room_id: second, guest: { name: "Grace" } });
    const closure = { from: desk.day(50), to: desk.day(52), reason: "new carpet" };
    await desk.manage("POST", `/rooms/${second}/closures`, closure);
    const { body: chart } = await desk.get(`/rooms/chart?from=${desk.day(45)}&to=${desk.day(60)}`);
    expect(chart.rooms).to.have.length(3);
    expect(chart.rooms[0]).to.deep.include({
      room_id: first,
      stays: [
        {
          booking_id: long.booking_id,
          guest_name: "Ada Lovelace",
          status: "confirmed",
          room_locked: false,
          from: desk.day(0),
          to: desk.day(80),
        },
      ],
      closures: [],
    });
    expect(chart.rooms[1].stays).to.deep.equal([]);
    expect(chart.rooms[1].closures[0]).to.include(closure);
    expect(chart.rooms[2]).to.deep.include({ stays: [], closures: [] });
    expect((await desk.get(`/rooms/chart?from=${desk.day(0)}&to=${desk.day(200)}`)).status).to.equal(400);
  });

  it("The chart returns pages of rooms, with fewer rooms for a long range of days", async () => {
    const desk = await openDesk(platform, { rooms: 5 });
    await desk.booked(1, 3, { room_id: desk.roomIds[4] });
    const chart = (days: number, more = ""): ReturnType<typeof desk.get> =>
      desk.get(`/rooms/chart?from=${desk.day(0)}&to=${desk.day(days)}${more}`);
    const numbers: string[] = [];
    let cursor: string | null = null;
    let pages = 0;
    do {
      const { body } = await chart(7, `&limit=2${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`);
      numbers.push(...body.rooms.map((room: { room_number: string }) => room.room_number));
      const last = body.rooms.at(-1);
      if (last.room_id === desk.roomIds[4]) expect(last.stays).to.have.length(1);
      cursor = body.next_cursor as string | null;
      pages += 1;
    } while (cursor !== null);
    const { body: whole } = await chart(7);
    expect(whole.next_cursor).to.equal(null);
    expect([pages, numbers]).to.deep.equal([3, whole.rooms.map((room: { room_number: string }) => room.room_number)]);
    await fillHotel(platform.owner, { ...desk, from: desk.day(10), rooms: 70, nights: 1 });
    const { body: quarter } = await chart(92);
    expect(quarter.rooms, "6,200 rooms times days").to.have.length(67);
    const { body: rest } = await chart(92, `&cursor=${encodeURIComponent(quarter.next_cursor as string)}`);
    expect([rest.rooms.length, rest.next_cursor]).to.deep.equal([8, null]);
  });

  it("The chart shows a stay in both rooms after a move in its middle", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const { booking_id: id } = await desk.booked(0, 3);
    await desk.operate("check-in", id);
    await desk.closeDay();
    const [, room = ""] = desk.roomIds;
    await moveAt(platform, desk.hotelId, id, { room, now: instantOf(desk.day(1), "12:00", "Europe/Berlin") });
    const { body: chart } = await desk.get(`/rooms/chart?from=${desk.day(0)}&to=${desk.day(5)}`);
    const ranges = chart.rooms.map((room: { stays: { from: string; to: string }[] }) =>
      room.stays.map(({ from, to }) => [from, to]),
    );
    expect(ranges).to.deep.equal([[[desk.day(0), desk.day(1)]], [[desk.day(1), desk.day(3)]]]);
  });
});
