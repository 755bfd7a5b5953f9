import { expect } from "chai";

import { startTestPlatform, type TestAnswer, type TestPlatform } from "#testing/mod.ts";
import { type Desk, openDesk } from "../testing/desk.ts";
import { checkInvariants } from "../testing/model_tests/invariants.ts";

const override = { override_restrictions: { reason: "the guest's flight was canceled" } };
const words = override.override_restrictions.reason;

describe("Restrictions of an arrival day that a manager overrides", function () {
  this.timeout(120_000);
  let platform: TestPlatform;
  let desk: Desk;
  beforeEach(async () => {
    platform ??= await startTestPlatform({ worker: false });
    desk = await openDesk(platform, { rate: "100.00", rooms: 2 });
    const rate = { room_type_id: desk.roomTypeId, minimum_stay: 3 };
    await desk.manage("PUT", "/rates", { ...rate, from: desk.day(0), to: desk.day(9) });
    await desk.manage("PUT", "/rates", { ...rate, from: desk.day(1), to: desk.day(1), closed_to_arrival: true });
  });
  afterEach(() => checkInvariants(platform.owner, desk.hotelId));
  after(() => platform.close());

  const book = (from: number, to: number, more: Readonly<Record<string, unknown>> = {}): Promise<TestAnswer> =>
    desk.manage("POST", "/bookings/", {
      ...("room_type_id" in more ? {} : { room_id: desk.roomIds[0] }),
      guest: { name: "Ada Lovelace" },
      check_in_at: desk.day(from),
      expected_check_out_at: desk.day(to),
      ...more,
    });
  const reasonsOf = async (id: string): Promise<unknown[]> => {
    const { items } = (await desk.get(`/bookings/${id}/history`)).body as { items: { reasons: unknown }[] };
    return items.map(({ reasons }) => reasons);
  };

  it("A booking of a room or of a room type can override restrictions, and its history names them", async () => {
    const plain = await book(1, 2);
    expect([plain.status, plain.body.code]).to.deep.equal([409, "CLOSED_TO_ARRIVAL"]);
    expect(plain.body.detail).to.include("override_restrictions");
    const closed = await book(1, 2, override);
    expect(closed.status, closed.text).to.equal(201);
    expect(await reasonsOf(closed.body.booking_id)).to.deep.equal([{ closed_to_arrival: words, minimum_stay: words }]);
    const short = await book(0, 2, {
      ...override,
      room_type_id: desk.roomTypeId,
      agreed_price: { total: "150.00", reason: "sorry" },
    });
    expect(await reasonsOf(short.body.booking_id)).to.deep.equal([{ agreed_price: "sorry", minimum_stay: words }]);
    const unrestricted = await book(2, 6, override);
    expect(await reasonsOf(unrestricted.body.booking_id), "a booking without a restriction").to.deep.equal([null]);
  });

  it("An amendment can override restrictions for another arrival, a shorter stay or another room type", async () => {
    const { booking_id: id } = await desk.booked(0, 4);
    const amend = (body: Readonly<Record<string, unknown>>) => desk.manage("PATCH", `/bookings/${id}`, body);
    for (const [body, code, expected] of [
      [{ expected_check_out_at: desk.day(2) }, "MINIMUM_STAY", { minimum_stay: words }],
      [{ check_in_at: desk.day(1) }, "CLOSED_TO_ARRIVAL", { closed_to_arrival: words, minimum_stay: words }],
    ] as const) {
      expect((await amend(body)).body.code).to.equal(code);
      expect((await amend({ ...body, ...override })).status).to.equal(200);
      expect((await reasonsOf(id)).at(-1)).to.deep.equal(expected);
    }
    const suite = await desk.manage("POST", "/room-types/", { name: "Suite", capacity: 2, rate: "250.00" });
    const type = { room_type_id: suite.body.room_type_id as string };
    await desk.manage("POST", "/rooms/", { room_number: "900", ...type });
    await desk.manage("PUT", "/rates", { ...type, from: desk.day(1), to: desk.day(1), closed_to_arrival: true });
    expect((await amend(type)).body.code).to.equal("CLOSED_TO_ARRIVAL");
    expect((await amend({ ...type, ...override })).body.total_amount).to.equal("250.00");
    expect((await amend({ notes: "late", ...override })).status).to.equal(200);
    expect((await reasonsOf(id)).slice(-2)).to.deep.equal([{ closed_to_arrival: words }, null]);
  });

  it("A stay returns to its earlier dates or room type without another override", async () => {
    const { body } = await book(1, 2, override);
    const id = body.booking_id as string;
    const stay = (from: number, to: number) =>
      desk.amend(id, { check_in_at: desk.day(from), expected_check_out_at: desk.day(to) });
    const suite = await desk.manage("POST", "/room-types/", { name: "Suite", capacity: 2, rate: "250.00" });
    const type = { room_type_id: suite.body.room_type_id as string };
    await desk.manage("POST", "/rooms/", { room_number: "900", ...type });
    for (const [change, back] of [
      [() => stay(1, 3), () => stay(1, 2)],
      [() => stay(4, 7), () => stay(1, 2)],
      [() => desk.amend(id, type), () => desk.amend(id, { room_type_id: desk.roomTypeId })],
    ] as const) {
      expect((await change()).status).to.equal(200);
      const again = await back();
      expect(again.status, again.text).to.equal(200);
    }
    await stay(4, 8);
    expect((await stay(4, 6)).body.code, "a stay that it never had").to.equal("MINIMUM_STAY");
    expect((await stay(2, 4)).body.code, "a stay from another day").to.equal("MINIMUM_STAY");
  });

  it("A stay booked before a minimum was set can return to its length, but can't become shorter", async () => {
    const { booking_id: id } = await desk.booked(20, 22);
    const leave = (day: number) => desk.amend(id, { expected_check_out_at: desk.day(day) });
    const rate = { room_type_id: desk.roomTypeId, minimum_stay: 3 };
    await desk.manage("PUT", "/rates", { ...rate, from: desk.day(20), to: desk.day(20) });
    expect((await leave(24)).status).to.equal(200);
    expect((await leave(22)).status).to.equal(200);
    expect((await leave(21)).body.code).to.equal("MINIMUM_STAY");
  });

  it("A move, a swap and an amendment into another room type obey restrictions until the guest arrives", async () => {
    const { booking_id: id } = await desk.booked(20, 22);
    const suite = await desk.manage("POST", "/room-types/", { name: "Suite", capacity: 2, rate: "250.00" });
    const type = { room_type_id: suite.body.room_type_id as string };
    const { room_id } = (await desk.manage("POST", "/rooms/", { room_number: "900", ...type })).body;
    const { booking_id: other } = await desk.booked(20, 22, type);
    await desk.manage("PUT", "/rates", { ...type, from: desk.day(0), to: desk.day(22), minimum_stay: 5 });
    const refused = [await desk.operate("swap", id, { other_booking_id: other })];
    await desk.operate("cancel", other);
    refused.push(
      await desk.operate("move", id, { room_id }),
      await desk.amend(id, { room_id }),
      await desk.amend(id, type),
    );
    expect(refused.map(({ body }) => body.code)).to.deep.equal(refused.map(() => "MINIMUM_STAY"));
    expect((await desk.operate("move", id, { room_id, ...override })).body.code).to.equal("FORBIDDEN");
    const moved = await desk.manage("PATCH", `/operations/move/${id}`, { room_id, ...override });
    expect(moved.status, moved.text).to.equal(200);
    expect((await reasonsOf(id)).at(-1)).to.deep.equal({ minimum_stay: words });
    expect((await desk.operate("move", id, { room_id: desk.roomIds[0] })).status).to.equal(200);
    expect((await desk.operate("move", id, { room_id })).status, "the room that it had before").to.equal(200);
    const { booking_id: here } = await desk.booked(0, 15);
    await desk.operate("check-in", here);
    expect((await desk.operate("move", here, { room_id })).status, "a guest in house").to.equal(200);
  });

  it("A receptionist can't override restrictions, and neither can a manager without a reason", async () => {
    const { booking_id: id } = await desk.booked(0, 4);
    const refused = [
      await desk.book(5, 6, { ...override, room_id: desk.roomIds[1] }),
      await desk.amend(id, { expected_check_out_at: desk.day(2), ...override }),
      await desk.amend(id, { notes: "x", ...override }),
    ];
    for (const { status, body } of refused) expect([status, body.code]).to.deep.equal([403, "FORBIDDEN"]);
    for (const bad of [
      { override_restrictions: {} },
      { override_restrictions: true },
      { override_restrictions: { reason: "" } },
    ])
      expect((await book(5, 6, bad)).status).to.equal(400);
    expect((await desk.get(`/bookings/${id}`)).body).to.include({ departure: desk.day(4), notes: null });
  });

  it("An override can't book a room that is taken", async () => {
    await desk.booked(0, 4);
    expect((await book(1, 2, override)).body.code).to.equal("ROOM_TAKEN");
  });

  it("The quote shows restricted rooms on request, with the restrictions that a manager can override", async () => {
    const quote = async (more: string): Promise<TestAnswer["body"][]> =>
      (await desk.get(`/rooms/available?check_in=${desk.day(1)}&check_out=${desk.day(2)}${more}`)).body.items;
    expect(await quote("")).to.deep.equal([]);
    const rooms = await quote("&include_restricted=true");
    expect(rooms.map(({ restrictions, needs_manager: needs }) => [restrictions, needs])).to.deep.equal([
      [["closed_to_arrival", "minimum_stay"], true],
      [["closed_to_arrival", "minimum_stay"], true],
    ]);
    const { body } = await book(1, 2, override);
    expect(rooms[0].total_amount).to.equal(body.total_amount);
    expect(
      (await desk.get(`/rooms/available?check_in=${desk.day(1)}&check_out=${desk.day(2)}&include_restricted=yes`))
        .status,
    ).to.equal(400);
  });

  it("Only a manager can repack rooms for a stay that overrides restrictions", async () => {
    await book(0, 2, { ...override, room_id: desk.roomIds[0] });
    await book(2, 5, { room_id: desk.roomIds[1] });
    const stay = {
      room_type_id: desk.roomTypeId,
      check_in: desk.day(1),
      check_out: desk.day(3),
      include_restricted: true,
    };
    const refused = await platform.client.post("/rooms/repack", stay, { token: desk.receptionistToken });
    expect([refused.status, refused.body.code]).to.deep.equal([403, "FORBIDDEN"]);
    expect((await desk.manage("POST", "/rooms/repack", { ...stay, include_restricted: false })).body.code).to.equal(
      "CLOSED_TO_ARRIVAL",
    );
    expect((await desk.manage("POST", "/rooms/repack", { ...stay, apply: true })).status).to.equal(200);
    const made = await book(1, 3, { ...override, room_type_id: desk.roomTypeId });
    expect(made.status, made.text).to.equal(201);
  });
});
