import { expect } from "chai";
import { randomUUID } from "node:crypto";

import { addDays, type Day } from "../../../core/mod.ts";
import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { type Desk, openDesk } from "../testing/desk.ts";

/** The columns of a booking that the filters use. */
interface Stay {
  readonly booking_id: string;
  readonly room_id: string;
  readonly status: string;
  readonly guest_name: string;
  readonly arrival: Day;
  readonly departure: Day;
}

/** Lengths of stays in nights: around the limit between short and long stays (31), and around the longest (366). */
const lengths = [1, 2, 30, 31, 32, 33, 100, 365, 366] as const;

/** Compares the list, which PostgreSQL finds in parts and by indexes, with a filter over all bookings. */
describe("Bookings by the day of their departure", () => {
  let platform: TestPlatform;
  let desk: Desk;
  let stays: Stay[];
  const middle = "2031-03-05";
  before(async () => {
    platform = await startTestPlatform({ worker: false });
    desk = await openDesk(platform, { rooms: 2 });
    await desk.booked(0, 1, { guest: { name: "Ada Lovelace" } });
    await desk.booked(1, 2, { guest: { name: "Grace Hopper" } });
    const first = await platform.owner("pms.bookings").where({ hotel_id: desk.hotelId }).orderBy("arrival");
    const spans = lengths.flatMap((nights) => [
      ...Array.from({ length: 42 }, (_, index) => [addDays(middle, index * 11 - 400), nights] as const),
      ...[-1, 0, 1].map((days) => [addDays(middle, days - nights), nights] as const),
    ]);
    spans.push(["1970-01-02", 1], ["1970-01-02", 366], ["9999-12-29", 1], [addDays("9999-12-30", -366), 366]);
    const statuses = ["confirmed", "canceled", "no_show"];
    // The list reads only bookings, so these need no allocation of a room.
    await platform.owner.batchInsert(
      "pms.bookings",
      spans.map(([arrival, nights], index) => ({
        ...first[index % 2],
        booking_id: randomUUID(),
        arrival,
        departure: addDays(arrival, nights),
        room_id: desk.roomIds[Math.floor(index / 2) % 2],
        status: statuses[Math.floor(index / 4) % 3],
      })),
      50,
    );
    stays = await platform
      .owner("pms.bookings")
      .where({ hotel_id: desk.hotelId })
      .select("booking_id", "room_id", "status", "guest_name", "arrival", "departure");
    const key = ({ arrival, booking_id: id }: Stay) => `${arrival} ${id}`;
    stays.sort((a, b) => (key(a) < key(b) ? -1 : 1));
  });
  after(() => platform.close());

  /** Reads the ids of a list, page by page. */
  const listIds = async (query: Readonly<Record<string, string>>, limit = 200): Promise<string[]> => {
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const page = new URLSearchParams({ ...query, limit: String(limit), ...(cursor === null ? {} : { cursor }) });
      const { status, body, text } = await desk.get(`/bookings/?${page}`);
      expect(status, text).to.equal(200);
      ids.push(...body.items.map(({ booking_id: id }: Stay) => id));
      cursor = body.next_cursor;
    } while (cursor !== null);
    return ids;
  };
  const expectedIds = (query: Readonly<Record<string, string>>): string[] => {
    const { departure_from: from, departure_to: to, arrival_from: since, arrival_to: until } = query;
    return stays
      .filter(({ departure }) => (from === undefined || departure >= from) && (to === undefined || departure <= to))
      .filter(({ arrival }) => (since === undefined || arrival >= since) && (until === undefined || arrival <= until))
      .filter(
        ({ status, room_id: room }) =>
          [status, undefined].includes(query["status"]) && [room, undefined].includes(query["room_id"]),
      )
      .filter(({ guest_name: name }) => query["guest"] === undefined || name.toLowerCase().includes(query["guest"]))
      .map(({ booking_id: id }) => id);
  };

  for (const [range, query] of Object.entries({
    "from a day on": { departure_from: middle },
    "of one day": { departure_from: middle, departure_to: middle },
    "of a month": { departure_from: middle, departure_to: addDays(middle, 31) },
    "of a month and a day": { departure_from: middle, departure_to: addDays(middle, 32) },
    "of three years": { departure_from: addDays(middle, -400), departure_to: addDays(middle, 600) },
    "until a day": { departure_to: middle },
    "of a range that ends before it begins": { departure_from: middle, departure_to: addDays(middle, -1) },
    "from the first possible day": { departure_from: "1970-01-02" },
    "from the last possible day": { departure_from: "9999-12-30" },
    "of the last two possible days": { departure_from: "9999-12-29", departure_to: "9999-12-30" },
    "of all time": { departure_from: "1970-01-02", departure_to: "9999-12-30" },
  } as Record<string, Record<string, string>>)) {
    it(`Departures ${range} are each listed once and in order, with every other filter`, async () => {
      for (const more of [
        {},
        { status: "canceled" },
        { room_id: desk.roomIds[1] as string },
        { guest: "grace" },
        { arrival_from: addDays(middle, -31) },
        { arrival_to: addDays(middle, -32) },
        { arrival_from: addDays(middle, -366), arrival_to: middle, status: "no_show", guest: "ada" },
      ]) {
        const combined = { ...query, ...more };
        expect(await listIds(combined), JSON.stringify(combined)).to.deep.equal(expectedIds(combined));
      }
    });
  }

  it("Departures are each listed once and in order, even on small pages", async () => {
    const query = { departure_from: addDays(middle, -3), arrival_from: addDays(middle, -400) };
    expect(expectedIds(query).length).to.be.greaterThan(100);
    for (const limit of [1, 7]) expect(await listIds(query, limit)).to.deep.equal(expectedIds(query));
  });
});
