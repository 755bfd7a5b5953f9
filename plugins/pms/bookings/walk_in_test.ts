import { expect } from "chai";

import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { openDesk } from "../testing/desk.ts";

describe("A walk-in by room type", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  it("A walk-in gets a room that is ready now, even if another room would leave a smaller gap", async () => {
    const desk = await openDesk(platform, { rooms: 3 });
    const [first, second, third] = desk.roomIds;
    const overdue = await desk.booked(0, 1, { room_id: first });
    await desk.operate("check-in", overdue.booking_id);
    await desk.manage("PATCH", `/rooms/${second}`, { status: "out_of_service" });
    await desk.closeDay();
    const walkIn = await desk.booked(1, 2, { room_type_id: desk.roomTypeId, guest: { name: "Alan" } });
    expect(walkIn.room_id).to.equal(third);
    expect((await desk.operate("check-in", walkIn.booking_id)).status).to.equal(200);
    const later = await desk.booked(99, 100, { room_type_id: desk.roomTypeId, guest: { name: "Grace" } });
    expect(later.room_id, "for another day, the first of equal ones").to.equal(first);
  });
});

describe("Rooms that are offered instead of a taken one", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const offered = (body: { free_rooms: { room_number: string }[] }): string[] =>
    body.free_rooms.map(({ room_number }) => room_number);

  it("Offered rooms sleep the whole party, and rooms of the same type come first", async () => {
    const desk = await openDesk(platform, { rooms: 2, capacity: 3 });
    for (const [name, capacity, number] of [
      ["Single", 1, "001"],
      ["Suite", 4, "002"],
    ] as const) {
      const type = await desk.manage("POST", "/room-types/", { name, capacity, rate: "80.00" });
      await desk.manage("POST", "/rooms/", { room_number: number, room_type_id: type.body.room_type_id });
    }
    await desk.booked(0, 2);
    expect(offered((await desk.book(0, 2, { adults: 2, children: 1 })).body)).to.deep.equal(["102", "002"]);
  });

  it("For a guest in house, the offered rooms are free from the business date on", async () => {
    const desk = await openDesk(platform, { rooms: 2 });
    const [first, second] = desk.roomIds;
    const before = await desk.booked(0, 1, { room_id: second, guest: { name: "Before" } });
    const { booking_id: id } = await desk.booked(0, 2, { room_id: first });
    await desk.booked(2, 3, { room_id: first, guest: { name: "Next" } });
    for (const one of [before.booking_id, id]) await desk.operate("check-in", one);
    await desk.closeDay();
    const refused = await desk.amend(id, { expected_check_out_at: desk.day(3) });
    expect(refused.body.code).to.equal("ROOM_TAKEN");
    expect(offered(refused.body)).to.deep.equal(["102"]);
  });
});
