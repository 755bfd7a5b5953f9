import { expect } from "chai";

import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { type Desk, openDesk } from "../testing/desk.ts";

describe("The closures of a room", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const path = (desk: Desk): string => `/rooms/${desk.roomIds[0]}/closures`;
  const close = (desk: Desk, from: number, to: number) =>
    desk.manage("POST", path(desk), { from: desk.day(from), to: desk.day(to), reason: "new carpet" });
  const ranges = (desk: Desk, items: { from: string; to: string }[]): [number, number][] =>
    items.map(({ from, to }) => [offset(desk, from), offset(desk, to)]);
  const offset = (desk: Desk, day: string): number =>
    Array.from({ length: 60 }, (_, days) => days).find((days) => desk.day(days) === day) ?? -1;

  it("A closure and a stay can't share a room and a night", async () => {
    const desk = await openDesk(platform);
    expect((await close(desk, 2, 4)).status).to.equal(201);
    expect((await desk.book(3, 5)).body).to.deep.include({ code: "ROOM_TAKEN", nights: [desk.day(3)] });
    const { booking_id: id } = await desk.booked(0, 2);
    expect((await desk.amend(id, { expected_check_out_at: desk.day(3) })).body.code).to.equal("ROOM_TAKEN");
    expect((await close(desk, 1, 2)).body).to.deep.include({ code: "ROOM_TAKEN", nights: [desk.day(1)] });
  });

  it("A closure is reopened for some of its nights, and stays for the others", async () => {
    const desk = await openDesk(platform);
    await close(desk, 0, 10);
    const query = `?from=${desk.day(3)}&to=${desk.day(5)}`;
    const left = await desk.manage("DELETE", path(desk) + query);
    expect(ranges(desk, left.body.items)).to.deep.equal([[5, 10]]);
    expect(ranges(desk, (await desk.get(path(desk))).body.items)).to.deep.equal([
      [0, 3],
      [5, 10],
    ]);
    expect((await desk.book(3, 5)).status).to.equal(201);
    const nothing = await desk.manage("DELETE", path(desk) + query);
    expect([nothing.status, nothing.body.detail]).to.deep.equal([
      404,
      `Room 101 is not closed on any night from ${desk.day(3)} to ${desk.day(5)}.`,
    ]);
  });

  it("A closure is not reopened for nights that are over, and its Location lists it", async () => {
    const desk = await openDesk(platform);
    const closed = await close(desk, 0, 4);
    expect(closed.headers.get("location")).to.equal(path(desk));
    await desk.closeDay();
    await desk.closeDay();
    for (const to of [2, 3]) {
      const over = await desk.manage("DELETE", `${path(desk)}?from=${desk.day(0)}&to=${desk.day(to)}`);
      expect([over.status, over.body.errors]).to.deep.equal([
        400,
        [
          {
            in: "query",
            pointer: "/from",
            detail: `is before the business date ${desk.day(2)}: those nights are over`,
          },
        ],
      ]);
    }
    const left = await desk.manage("DELETE", `${path(desk)}?from=${desk.day(2)}&to=${desk.day(3)}`);
    expect(ranges(desk, left.body.items)).to.deep.equal([[3, 4]]);
    const stored = (await platform
      .owner("pms.occupancies")
      .where({ hotel_id: desk.hotelId })
      .orderBy("arrival")
      .select({ from: "arrival", to: "departure" })) as { from: string; to: string }[];
    expect(ranges(desk, stored)).to.deep.equal([
      [0, 2],
      [3, 4],
    ]);
  });

  it("A closure needs a manager, nights from the business date on, and a paid subscription", async () => {
    const desk = await openDesk(platform);
    const body = { from: desk.day(0), to: desk.day(1), reason: "x" };
    const refused = await platform.client.post(path(desk), body, { token: desk.receptionistToken });
    expect(refused.status).to.equal(403);
    expect((await close(desk, -1, 1)).body.errors[0].pointer).to.equal("/from");
    expect((await close(desk, 1, 1)).status).to.equal(400);
    await platform
      .owner("identity.hotels")
      .where({ hotel_id: desk.hotelId })
      .update({ valid_to: new Date(0) });
    expect((await close(desk, 0, 1)).status).to.equal(402);
  });
});
