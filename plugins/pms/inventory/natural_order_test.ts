import { expect } from "chai";

import { encodeCursor } from "../../../core/mod.ts";
import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { furnishHotel, type FurnishedHotel } from "../testing/hotel.ts";

interface Numbered {
  readonly room_number: string;
}

const inOrder = ["1", "2", "9", "10", "100", "a9", "A10", "Suite 2", "Suite 10", "00000000000000000101"];
// By value, the number of twenty digits is 101.
inOrder.splice(5, 0, ...inOrder.splice(-1));

describe("Rooms in natural order", () => {
  let platform: TestPlatform;
  let hotel: FurnishedHotel;
  const roomIds = new Map<string, string>();
  before(async () => {
    platform = await startTestPlatform({ worker: false });
    hotel = await furnishHotel(platform.client, { rooms: 0 });
    for (const number of inOrder.toSorted()) {
      const body = { room_number: number, room_type_id: hotel.roomTypeId };
      const room = await platform.client.post("/rooms/", body, { token: hotel.managerToken });
      roomIds.set(number, room.body.room_id as string);
    }
  });
  after(() => platform.close());

  const get = (path: string) => platform.client.get(path, { token: hotel.receptionistToken });
  const numbers = (rooms: readonly Numbered[]): string[] => rooms.map(({ room_number }) => room_number);
  const book = (from: number, to: number, more: Record<string, unknown>) =>
    platform.client.post(
      "/bookings/",
      { guest: { name: "Ada" }, check_in_at: hotel.day(from), expected_check_out_at: hotel.day(to), ...more },
      { token: hotel.receptionistToken },
    );

  const pages = () => ({
    rooms: "/rooms/?limit=2",
    free: `/rooms/available?check_in=${hotel.day(0)}&check_out=${hotel.day(2)}&limit=2`,
  });

  for (const list of ["rooms", "free"] as const) {
    it(`Pages of ${list === "rooms" ? "all" : "free"} rooms list each room once, and refuse old cursors`, async () => {
      const path = pages()[list];
      const met: string[] = [];
      let cursor: string | null = "";
      while (cursor !== null) {
        const page = await get(cursor === "" ? path : `${path}&cursor=${cursor}`);
        expect(page.status).to.equal(200);
        met.push(...numbers(page.body.items as Numbered[]));
        for (const room of page.body.items as object[]) expect(room).not.to.have.property("sort_key");
        cursor = page.body.next_cursor as string | null;
      }
      expect(met).to.deep.equal(inOrder);
      const old = await get(`${path}&cursor=${encodeCursor(["10", roomIds.get("10") ?? ""])}`);
      expect([old.status, old.body.errors[0].pointer]).to.deep.equal([400, "/cursor"]);
    });
  }

  it("The tape chart lists rooms in natural order", async () => {
    const chart = await get(`/rooms/chart?from=${hotel.day(0)}&to=${hotel.day(7)}`);
    expect(numbers(chart.body.rooms as Numbered[])).to.deep.equal(inOrder);
  });

  it("The choice of rooms, the offer of free rooms and the board use natural order", async () => {
    for (const number of inOrder) {
      const booking = await book(0, 2, { room_type_id: hotel.roomTypeId });
      expect(booking.body.room_number).to.equal(number);
    }
    expect(numbers((await get("/operations/today")).body.arrivals as Numbered[])).to.deep.equal(inOrder);
    const [first] = inOrder;
    await book(5, 6, { room_id: roomIds.get(first ?? "") });
    const refused = await book(5, 6, { room_id: roomIds.get(first ?? "") });
    expect(numbers(refused.body.free_rooms as Numbered[])).to.deep.equal(inOrder.slice(1, 6));
    for (const id of roomIds.values()) {
      const path = `/rooms/${id}/housekeeping`;
      await platform.client.patch(path, { housekeeping: "dirty" }, { token: hotel.receptionistToken });
    }
    expect(numbers((await get("/operations/today")).body.dirty_rooms as Numbered[])).to.deep.equal(inOrder);
  });
});
