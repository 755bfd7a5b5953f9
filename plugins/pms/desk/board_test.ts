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

  it("An entry of the board has the guest's stays, flags, the other guest in the room, and transitions", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const [first, second] = desk.roomIds;
    const before = await desk.booked(0, 1, { room_id: second });
    const guest_id = before.guest_id as string;
    await desk.operate("check-in", before.booking_id);
    await desk.operate("check-out", before.booking_id);
    const here = await desk.booked(0, 1, { guest: { name: "Grace Hopper" } });
    await desk.operate("check-in", here.booking_id);
    await desk.closeDay();
    const more = { guest: undefined, guest_id, room_locked: true, notes: "a quiet room" };
    const next = await desk.booked(1, 2, { ...more, room_id: second });
    const same = await desk.booked(2, 3, { ...more, room_id: first, room_locked: false, notes: null });
    const board = async () => (await desk.get("/operations/today")).body;
    expect((await board()).arrivals).to.deep.equal([
      {
        booking_id: next.booking_id,
        guest_id,
        guest_name: "Ada Lovelace",
        room_id: second,
        room_number: "102",
        room_type_id: desk.roomTypeId,
        room_locked: true,
        room_status: "available",
        housekeeping: "dirty",
        room_occupied_by: null,
        status: "confirmed",
        arrival: desk.day(1),
        departure: desk.day(2),
        check_in_at: next.check_in_at,
        adults: 1,
        children: 0,
        has_notes: true,
        stays: 1,
        version: 1,
        allowed_transitions: ["check_in", "cancel", "no_show"],
      },
    ]);
    await desk.manage("PATCH", "/policies", { overstays: "leave" });
    await desk.closeDay();
    const { arrivals, overdue } = await board();
    const occupant = { booking_id: here.booking_id, guest_name: "Grace Hopper" };
    expect(arrivals).to.have.length(1);
    expect(arrivals[0]).to.deep.include({ booking_id: same.booking_id, room_occupied_by: occupant, has_notes: false });
    expect(overdue[0]).to.deep.include({
      booking_id: here.booking_id,
      room_occupied_by: null,
      allowed_transitions: ["check_out"],
    });
    await desk.operate("check-out", here.booking_id);
    expect((await board()).arrivals[0].room_occupied_by).to.equal(null);
  });

  it("The board lists the guests that came and left today, until the close or an undo", async () => {
    const desk = await openDesk(platform, { rooms: 4 });
    const [came, left, both, undone] = await Promise.all(
      ["Came", "Left", "Both", "Undone"].map((name, room) =>
        desk.booked(name === "Left" ? 0 : 1, 2, { guest: { name }, room_id: desk.roomIds[room] }),
      ),
    );
    await desk.operate("check-in", left?.booking_id);
    await desk.closeDay();
    await desk.operate("check-out", left?.booking_id);
    for (const booking of [came, both, undone]) await desk.operate("check-in", booking?.booking_id);
    await desk.operate("check-out", both?.booking_id);
    await desk.operate("undo-check-in", undone?.booking_id);
    const { body: board } = await desk.get("/operations/today");
    expect(names(board.arrived)).to.deep.equal(["Came", "Both"]);
    expect(names(board.left)).to.deep.equal(["Left", "Both"]);
    const allowed = (entries: { allowed_transitions: string[] }[]) => entries.map((entry) => entry.allowed_transitions);
    expect(allowed(board.arrived)).to.deep.equal([["check_out", "undo_check_in"], ["undo_check_out"]]);
    expect(allowed(board.left)).to.deep.equal([["undo_check_out"], ["undo_check_out"]]);
    await desk.closeDay();
    const { body: tomorrow } = await desk.get("/operations/today");
    expect([tomorrow.arrived, tomorrow.left]).to.deep.equal([[], []]);
  });

  it("The board answers 304 to its ETag until something on it changes", async () => {
    const desk = await openDesk(platform);
    const { booking_id: id } = await desk.booked(0, 1);
    const token = desk.receptionistToken;
    const ask = (tag: string, more = {}) =>
      platform.client.get("/operations/today", { token, headers: { "if-none-match": tag, ...more } });
    const whole = await desk.get("/operations/today");
    const etag = whole.headers.get("etag") ?? "";
    expect(etag).to.match(/^"[\w-]{22}"$/);
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`]) {
      // A browser sends this if a page sets If-None-Match.
      const known = await ask(tag, { "cache-control": "no-cache" });
      expect([known.status, known.text, known.headers.get("etag")]).to.deep.equal([304, "", etag]);
    }
    expect((await ask('"other"')).body).to.deep.equal(whole.body);
    await desk.operate("check-in", id);
    const changed = await ask(etag);
    expect([changed.status, names(changed.body.arrived)]).to.deep.equal([200, ["Ada Lovelace"]]);
    expect(changed.headers.get("etag")).not.to.equal(etag);
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
          guest_id: long.guest_id,
          guest_name: "Ada Lovelace",
          adults: 1,
          children: 0,
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

  it("The chart answers 304 to its ETag until a stay on it changes", async () => {
    const desk = await openDesk(platform);
    const address = `/rooms/chart?from=${desk.day(0)}&to=${desk.day(7)}`;
    const etag = (await desk.get(address)).headers.get("etag") ?? "";
    const ask = () =>
      platform.client.get(address, { token: desk.receptionistToken, headers: { "if-none-match": etag } });
    expect([(await ask()).status, (await ask()).text]).to.deep.equal([304, ""]);
    await desk.booked(1, 3);
    const changed = await ask();
    expect([changed.status, changed.body.rooms[0].stays.length]).to.deep.equal([200, 1]);
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
