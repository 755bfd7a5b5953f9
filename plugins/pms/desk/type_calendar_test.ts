import { expect } from "chai";

import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { type Desk, openDesk } from "../testing/desk.ts";

describe("The calendar and the quotes of the room types", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  interface CalendarDay {
    readonly date: string;
    readonly free: number;
    readonly rate: string;
    readonly minimum_stay: number | null;
    readonly closed_to_arrival: boolean;
  }
  interface CalendarItem {
    readonly name: string;
    readonly days: readonly CalendarDay[];
  }

  const readCalendar = async (desk: Desk, from: number, to: number, more = "") =>
    desk.get(`/rates/calendar?from=${desk.day(from)}&to=${desk.day(to)}${more}`);
  const freeOf = async (desk: Desk, from: number, to: number): Promise<number[]> => {
    const items: CalendarItem[] = (await readCalendar(desk, from, to)).body.items;
    return (items[0]?.days ?? []).map(({ free }) => free);
  };
  const quote = async (desk: Desk, from: number, to: number, more = "") =>
    (await desk.get(`/quotes?check_in=${desk.day(from)}&check_out=${desk.day(to)}${more}`)).body.items;

  it("The calendar counts the rooms that can be sold and have no stay and no closure", async () => {
    const desk = await openDesk(platform, { rooms: 6 });
    const [booked, closed, retired, broken, off] = desk.roomIds;
    expect(await freeOf(desk, 0, 5)).to.deep.equal([6, 6, 6, 6, 6, 6]);
    await desk.booked(1, 3, { room_id: booked });
    await desk.booked(4, 60, { room_id: booked });
    await desk.manage("POST", `/rooms/${closed}/closures`, { from: desk.day(2), to: desk.day(4), reason: "paint" });
    expect(await freeOf(desk, 0, 5)).to.deep.equal([6, 5, 4, 5, 5, 5]);
    // The long stay began before the range.
    expect(await freeOf(desk, 50, 51)).to.deep.equal([5, 5]);
    await desk.manage("PATCH", `/rooms/${retired}`, { retired_from: desk.day(3) });
    await desk.manage("PATCH", `/rooms/${broken}`, { status: "out_of_order" });
    await desk.manage("PATCH", `/rooms/${off}`, { status: "out_of_service" });
    expect(await freeOf(desk, 0, 5)).to.deep.equal([4, 4, 3, 3, 3, 3]);
    // A stay in a room that can't be sold does not count twice.
    const { booking_id: id } = await desk.booked(5, 6, { room_id: desk.roomIds[5] });
    expect(await freeOf(desk, 5, 5)).to.deep.equal([2]);
    // The API refuses this because of the booking, but older rows can have it.
    await platform.owner("pms.rooms").where({ room_id: desk.roomIds[5] }).update({ status: "out_of_order" });
    expect(await freeOf(desk, 4, 6)).to.deep.equal([2, 2, 2]);
    await desk.operate("cancel", id);
    expect(await freeOf(desk, 4, 6)).to.deep.equal([2, 2, 2]);
  });

  it("The calendar shows prices and restrictions of the types that sleep the guests", async () => {
    const desk = await openDesk(platform, { rate: "100.00" });
    await desk.manage("POST", "/room-types/", { name: "Suite", capacity: 4, rate: "300.00" });
    const restricted = { room_type_id: desk.roomTypeId, from: desk.day(1), to: desk.day(1) };
    await desk.manage("PUT", "/rates", { ...restricted, rate: "120.5", minimum_stay: 2, closed_to_arrival: true });
    const { body } = await readCalendar(desk, 0, 1);
    expect([body.currency, body.next_cursor]).to.deep.equal(["EUR", null]);
    const usual = { minimum_stay: null, closed_to_arrival: false };
    expect(body.items.map(({ name, days }: CalendarItem) => [name, days])).to.deep.equal([
      [
        "Double",
        [
          { date: desk.day(0), free: 1, rate: "100.00", ...usual },
          { date: desk.day(1), free: 1, rate: "120.50", minimum_stay: 2, closed_to_arrival: true },
        ],
      ],
      [
        "Suite",
        [
          { date: desk.day(0), free: 0, rate: "300.00", ...usual },
          { date: desk.day(1), free: 0, rate: "300.00", ...usual },
        ],
      ],
    ]);
    const namesOf = (items: CalendarItem[]) => items.map(({ name }) => name);
    expect(namesOf((await readCalendar(desk, 0, 1, "&guests=3")).body.items)).to.deep.equal(["Suite"]);
    const first = (await readCalendar(desk, 0, 1, "&limit=1")).body;
    const second = (await readCalendar(desk, 0, 1, `&limit=1&cursor=${encodeURIComponent(first.next_cursor)}`)).body;
    expect([namesOf(first.items), namesOf(second.items), second.next_cursor]).to.deep.equal([
      ["Double"],
      ["Suite"],
      null,
    ]);
  });

  it("The calendar refuses a range that ends before it begins, and one of more than 92 days", async () => {
    const desk = await openDesk(platform);
    for (const [from, to, status] of [
      [1, 0, 400],
      [0, 92, 400],
      [0, 91, 200],
    ] as const) {
      expect((await readCalendar(desk, from, to)).status, `${from} to ${to}`).to.equal(status);
    }
  });

  it("The quote of a type is the price that a booking of the type gets", async () => {
    const desk = await openDesk(platform, { rooms: 3, rate: "100.00" });
    const [, second, third] = desk.roomIds;
    await desk.manage("PATCH", `/rooms/${third}`, { rate: "150.00" });
    // The shortest gap is in the third room, so a booking of the type gets it.
    await desk.booked(3, 5, { room_id: third });
    await desk.booked(0, 3, { room_id: second });
    await desk.manage("PUT", "/rates", {
      room_type_id: desk.roomTypeId,
      from: desk.day(2),
      to: desk.day(2),
      rate: "80",
    });
    const [quoted] = await quote(desk, 1, 3, "&adults=2");
    expect(quoted).to.deep.equal({
      room_type_id: desk.roomTypeId,
      name: "Double",
      capacity: 2,
      free: 2,
      nights: [
        { date: desk.day(1), rate: "150.00" },
        { date: desk.day(2), rate: "80.00" },
      ],
      total_amount: "230.00",
      minimum_stay: null,
      refused_by: [],
    });
    const booking = await desk.booked(1, 3, { room_type_id: desk.roomTypeId });
    expect([booking.room_id, booking.total_amount]).to.deep.equal([third, quoted.total_amount]);
    const [next] = await quote(desk, 1, 3);
    expect([next.free, next.total_amount]).to.deep.equal([1, "180.00"]);
  });

  it("A quote names the problem with which a booking of the type is refused", async () => {
    const desk = await openDesk(platform, { rooms: 1, capacity: 2 });
    const refusalOf = async (from: number, to: number, adults = 1): Promise<string[]> => {
      const [{ refused_by: codes }] = await quote(desk, from, to, `&adults=${adults}&children=0`);
      const answer = await desk.book(from, to, { room_type_id: desk.roomTypeId, adults });
      expect(answer.body.code, "the refusal of the booking").to.equal(codes[0]);
      if (answer.status === 201) await desk.operate("cancel", answer.body.booking_id);
      return codes as string[];
    };
    const type = { room_type_id: desk.roomTypeId };
    await desk.manage("PUT", "/rates", { ...type, from: desk.day(1), to: desk.day(1), minimum_stay: 3 });
    await desk.manage("PUT", "/rates", { ...type, from: desk.day(2), to: desk.day(2), closed_to_arrival: true });
    await desk.booked(5, 6);
    expect(await refusalOf(0, 2)).to.deep.equal([]);
    expect(await refusalOf(0, 2, 3)).to.deep.equal(["TOO_MANY_GUESTS"]);
    expect(await refusalOf(1, 3)).to.deep.equal(["MINIMUM_STAY"]);
    expect(await refusalOf(1, 4)).to.deep.equal([]);
    expect(await refusalOf(2, 6)).to.deep.equal(["CLOSED_TO_ARRIVAL", "NO_ROOM_FREE"]);
    expect(await refusalOf(4, 6)).to.deep.equal(["NO_ROOM_FREE"]);
    const [full] = await quote(desk, 4, 6);
    expect([full.free, full.total_amount]).to.deep.equal([0, "200.00"]);
    expect((await desk.get(`/quotes?check_in=${desk.day(-1)}&check_out=${desk.day(1)}`)).status).to.equal(400);
    expect((await desk.get(`/quotes?check_in=${desk.day(1)}&check_out=${desk.day(1)}`)).status).to.equal(400);
  });
});
