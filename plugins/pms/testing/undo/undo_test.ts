import { expect } from "chai";
import fc from "fast-check";

import { processVariables } from "../../../../core/config/env.ts";
import { startTestPlatform, type TestAnswer, type TestPlatform } from "#testing/mod.ts";
import { furnishHotel, type FurnishedHotel } from "../hotel.ts";
import { changesBetween, type HotelRows, linesOf, readRows, readTables } from "./hotel_rows.ts";
import { stateAtDesk } from "./state_at_desk.ts";

/** A request of the desk. */
interface Request {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

/** Numbers that choose what a step does. */
const choice = fc.noBias(
  fc.record({
    kind: fc.nat({ max: 9999 }),
    first: fc.nat({ max: 99 }),
    second: fc.nat({ max: 99 }),
    days: fc.constantFrom(0, 0, 0, 0, 1, 2, 4),
    isUndone: fc.boolean(),
  }),
);
type Choice = typeof choice extends fc.Arbitrary<infer T> ? T : never;

/** `UNDO_HISTORIES` sets the number of histories, and `UNDO_SEED` tries others than those of each run. */
const { UNDO_HISTORIES = "6", UNDO_SEED = "7" } = processVariables();
const numRuns = Number(UNDO_HISTORIES);

describe("Undo and dry run of the desk", function () {
  this.timeout(30_000 + numRuns * 20_000);
  let platform: TestPlatform;
  let tables: Awaited<ReturnType<typeof readTables>>;
  /** The requests that were taken back. */
  const undone = new Set<string>();

  before(async () => {
    platform = await startTestPlatform({ worker: false });
    tables = await readTables(platform.owner);
  });
  after(() => platform.close());

  const send = (hotel: FurnishedHotel, { method, path, body }: Omit<Request, "name">, headers = {}) =>
    platform.client.call(method, path, body, { token: hotel.managerToken, headers });
  const rowsOf = (hotel: FurnishedHotel) => readRows(platform.owner, tables, hotel.hotelId);

  async function openHotel(): Promise<FurnishedHotel> {
    const hotel = await furnishHotel(platform.client, { rooms: 3, capacity: 4 });
    const policies = { receptionist_discount_percent: 100, no_show_charge: "first_night" };
    await send(hotel, { method: "PATCH", path: "/policies", body: policies });
    const single = { name: "Single", capacity: 2, rate: "70.00" };
    const type = await send(hotel, { method: "POST", path: "/room-types/", body: single });
    const room = { room_number: "201", room_type_id: type.body.room_type_id };
    const extra = await send(hotel, { method: "POST", path: "/rooms/", body: room });
    return { ...hotel, roomIds: [...hotel.roomIds, extra.body.room_id] };
  }

  /** Makes a request from a choice and the rows of the hotel. */
  function requestOf(hotel: FurnishedHotel, rows: HotelRows, { kind, first, second, days }: Choice): Request {
    const bookings = [...rows.values()].filter(({ table }) => table === "pms.bookings").map(({ row }) => row);
    bookings.sort((a, b) => (String(a["booking_id"]) < String(b["booking_id"]) ? -1 : 1));
    const one = bookings[first % bookings.length];
    const others = bookings.filter((row) => row !== one && ["confirmed", "in_house"].includes(String(row["status"])));
    const two = others[second % others.length] ?? one;
    const room = hotel.roomIds[second % hotel.roomIds.length] ?? "";
    const post = (name: string, path: string, body: unknown): Request => ({ name, method: "POST", path, body });
    const patch = (name: string, path: string, body: unknown): Request => ({ name, method: "PATCH", path, body });
    const guest = { name: `Guest ${first % 7}` };
    const from = hotel.day(days);
    const stay = { check_in_at: from, expected_check_out_at: hotel.day(days + 1 + (second % 3)) };
    const book = post("createBooking", "/bookings/", { room_id: room, guest, ...stay });
    if (one === undefined || two === undefined || kind % 6 === 0) return book;
    const id = String(one["booking_id"]);
    const operation = (name: string, word: string, body: unknown = {}) =>
      patch(name, `/operations/${word}/${id}`, body);
    const amend = (body: unknown) => patch("amendBooking", `/bookings/${id}`, body);
    const closed = { from, to: hotel.day(days + 2) };
    const accepted = { accept_dirty_room: true };
    const move = operation("moveBooking", "move", { room_id: room, ...accepted });
    const swap = operation("swapBookings", "swap", { other_booking_id: two["booking_id"], ...accepted });
    const amendments = [
      amend({ expected_check_out_at: hotel.day(1 + (second % 5)) }),
      amend({ check_in_at: hotel.day(second % 4), notes: "quiet" }),
      amend({ adults: 1 + (second % 3), guest: { phone: `+49 30 ${second}` } }),
      amend({ room_id: room, ...accepted, room_locked: second % 5 === 0 }),
      amend({ agreed_price: { per_night: "80.00", reason: "a regular guest" } }),
    ];
    const reason = { reason: "a kindness" };
    const byStatus: Readonly<Record<string, readonly Request[]>> = {
      confirmed: [
        operation("checkIn", "check-in", accepted),
        operation("checkIn", "check-in", accepted),
        operation("checkIn", "check-in", accepted),
        operation("cancelBooking", "cancel"),
        operation("markNoShow", "no-show"),
        move,
        swap,
        ...amendments,
      ],
      in_house: [
        operation("checkOut", "check-out"),
        operation("checkOut", "check-out"),
        operation("undoCheckIn", "undo-check-in"),
        move,
        move,
        swap,
        ...amendments,
      ],
      checked_out: [operation("undoCheckOut", "undo-check-out")],
      canceled: [
        operation("reinstateBooking", "reinstate"),
        operation("waiveCharge", "waive-charge", reason),
        operation("undoWaiver", "undo-waiver", reason),
      ],
    };
    const status = String(one["status"]);
    const ofBooking = byStatus[status === "no_show" ? "canceled" : status] ?? [];
    const requests: readonly Request[] = [
      ...ofBooking,
      ...ofBooking,
      patch("setHousekeeping", `/rooms/${room}/housekeeping`, {
        housekeeping: ["clean", "dirty", "inspected"][first % 3],
      }),
      post("closeRoom", `/rooms/${room}/closures`, { ...closed, reason: "new carpet" }),
      { name: "reopenRoom", method: "DELETE", path: `/rooms/${room}/closures?from=${closed.from}&to=${closed.to}` },
      patch("changeRoom", `/rooms/${room}`, { housekeeping: "inspected", rate: "95.00", force: true }),
      patch("changeRoomType", `/room-types/${hotel.roomTypeId}`, { rate: `${100 + (second % 9)}.00` }),
      patch("changePolicies", "/policies", { overstays: ["extend", "leave"][first % 2] }),
      post("createRoom", "/rooms/", { room_number: `9${second}`, room_type_id: hotel.roomTypeId }),
      {
        name: "setRates",
        method: "PUT",
        path: "/rates/",
        body: {
          room_type_id: hotel.roomTypeId,
          from,
          to: hotel.day(days + (first % 5)),
          ...(kind % 2 === 0 ? { rate: `${60 + second}.00` } : { minimum_stay: 1 + (second % 3) }),
        },
      },
      post("repackRooms", "/rooms/repack", {
        room_type_id: hotel.roomTypeId,
        check_in: stay.check_in_at,
        check_out: stay.expected_check_out_at,
        apply: true,
      }),
      ...(kind % 97 === 0
        ? [post("closeDay", "/operations/close-day", { business_date: hotel.day(0), early: true })]
        : []),
    ];
    return requests[Math.floor(kind / 6) % requests.length] ?? book;
  }

  /** Tries one request dry and makes it. With `isUndone`, it takes it back and makes it again. */
  async function tryOut(hotel: FurnishedHotel, request: Request, isUndone: boolean): Promise<void> {
    const before = await rowsOf(hotel);
    const dry = await send(hotel, request, { Prefer: "dry-run" });
    expect(changesBetween(before, await rowsOf(hotel)), `the dry run of ${request.name}`).to.deep.equal([]);
    const real = await send(hotel, request);
    expect(real.status, real.text).to.be.below(500);
    if (real.status >= 400) {
      const foreseen = dry.status === 200 ? dry.body : dry;
      expect([foreseen.status, foreseen.body.code], request.name).to.deep.equal([real.status, real.body.code]);
      return;
    }
    const after = await rowsOf(hotel);
    const [foreseen, made] = [linesOf(dry.body.changes, before), linesOf(changesBetween(before, after), before)];
    const ofPms = foreseen.filter((line) => line.includes('"table":"pms.'));
    expect(ofPms, `the difference of ${request.name}`).to.deep.equal(made);
    if (isUndone) await undo(hotel, request, { before, after, real });
  }

  interface Made {
    readonly before: HotelRows;
    readonly after: HotelRows;
    readonly real: TestAnswer;
  }

  async function undo(hotel: FurnishedHotel, request: Request, { before, after, real }: Made): Promise<void> {
    const known = new Set([...before.values()].map(({ row }) => row["booking_id"]));
    const state = stateAtDesk(before, known);
    expect(real.body.undo, request.name).to.be.an("object");
    if ("none" in real.body.undo) {
      expect(real.body.undo.none).to.match(/^[A-Z].*\.$/);
      return;
    }
    const back = await send(hotel, real.body.undo);
    expect(back.status, `${request.name} ${JSON.stringify(real.body.undo)} ${back.text}`).to.be.below(300);
    const text = `the undo of ${request.name} ${JSON.stringify(request.body)}`;
    expect(stateAtDesk(await rowsOf(hotel), known), text).to.deep.equal(state);
    undone.add(request.name);
    const isNew = request.name.startsWith("create");
    if (isNew || "none" in back.body.undo) return;
    const again = await send(hotel, back.body.undo);
    expect(again.status, `the undo of the undo of ${request.name} ${again.text}`).to.be.below(300);
    const all = new Set([...after.values()].map(({ row }) => row["booking_id"]));
    expect(stateAtDesk(await rowsOf(hotel), all), `${text}, twice`).to.deep.equal(stateAtDesk(after, all));
  }

  it("In random histories, the dry run foretells each change, and the way back restores the state", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(choice, { minLength: 30, maxLength: 30 }), async (choices) => {
        const hotel = await openHotel();
        for (const chosen of choices) {
          const request = requestOf(hotel, await rowsOf(hotel), chosen);
          await tryOut(hotel, request, chosen.isUndone);
        }
      }),
      { numRuns, seed: Number(UNDO_SEED), endOnFailure: true },
    );
  });

  it("Each kind of change is made, taken back and made again", async () => {
    const hotel = await openHotel();
    const [room, other, third, single] = hotel.roomIds;
    const book = async (roomId: string | undefined, nights: number): Promise<string> => {
      const stay = { check_in_at: hotel.day(0), expected_check_out_at: hotel.day(nights) };
      const body = { room_id: roomId, guest: { name: `Guest of ${roomId}` }, ...stay };
      return (await send(hotel, { method: "POST", path: "/bookings/", body })).body.booking_id;
    };
    const [ada, ben, eve] = [await book(room, 2), await book(other, 3), await book(third, 1)];
    const accepted = { accept_dirty_room: true };
    const operation = (name: string, word: string, id: string, body: object = {}): Request => ({
      name,
      method: "PATCH",
      path: `/operations/${word}/${id}`,
      body,
    });
    const patch = (name: string, path: string, body: object): Request => ({ name, method: "PATCH", path, body });
    const days = { from: hotel.day(5), to: hotel.day(8) };
    const rates = { room_type_id: hotel.roomTypeId, ...days };
    const reason = { reason: "a kindness" };
    const requests: readonly Request[] = [
      operation("cancelBooking", "cancel", eve),
      operation("reinstateBooking", "reinstate", eve),
      operation("markNoShow", "no-show", eve),
      operation("waiveCharge", "waive-charge", eve, reason),
      operation("undoWaiver", "undo-waiver", eve, reason),
      operation("checkIn", "check-in", ada, accepted),
      operation("undoCheckIn", "undo-check-in", ada),
      operation("checkIn", "check-in", ada, accepted),
      operation("checkIn", "check-in", ben, accepted),
      operation("swapBookings", "swap", ada, { other_booking_id: ben, ...accepted }),
      operation("moveBooking", "move", ada, { room_id: single, ...accepted }),
      patch("amendBooking", `/bookings/${ada}`, { expected_check_out_at: hotel.day(1), notes: "quiet" }),
      patch("amendBooking", `/bookings/${ben}`, { room_id: third, expected_check_out_at: hotel.day(4), ...accepted }),
      patch("amendBooking", `/bookings/${ben}`, { agreed_price: { per_night: "80.00", ...reason } }),
      operation("checkOut", "check-out", ada),
      operation("undoCheckOut", "undo-check-out", ada),
      operation("checkOut", "check-out", ben, { left_on: hotel.day(0) }),
      patch("setHousekeeping", `/rooms/${other}/housekeeping`, { housekeeping: "dirty" }),
      patch("setHousekeepingOfRooms", "/housekeeping", { room_ids: [room, other], housekeeping: "inspected" }),
      { name: "closeRoom", method: "POST", path: `/rooms/${other}/closures`, body: { ...days, ...reason } },
      {
        name: "reopenRoom",
        method: "DELETE",
        path: `/rooms/${other}/closures?from=${hotel.day(6)}&to=${hotel.day(7)}`,
      },
      patch("changeRoom", `/rooms/${other}`, { rate: "95.00", room_number: "111" }),
      patch("changeRoomType", `/room-types/${hotel.roomTypeId}`, { rate: "101.00", name: "Twin" }),
      patch("changePolicies", "/policies", { overstays: "leave" }),
      { name: "setRates", method: "PUT", path: "/rates/", body: { ...rates, rate: "120.00", weekdays: [1, 3, 5, 7] } },
      { name: "setRates", method: "PUT", path: "/rates/", body: { ...rates, rate: null, closed_to_arrival: true } },
    ];
    for (const request of requests) {
      undone.clear();
      await tryOut(hotel, request, true);
      expect([...undone], `${request.name} ${JSON.stringify(request.body)}`).to.deep.equal([request.name]);
    }
  });

  it("Each change that staff make in the hotel names its way back, or why it has none", async () => {
    const { body: document } = await platform.client.get("/openapi.json");
    const plugins = new Set([
      "bookings",
      "guests",
      "operations",
      "policies",
      "rates",
      "room-types",
      "rooms",
      "housekeeping",
    ]);
    type Operation = { tags: string[]; operationId: string; responses: Record<string, unknown> };
    const all = Object.values<Record<string, Operation>>(document.paths).flatMap((item) => Object.entries(item));
    const changes = all.filter(([method, { tags }]) => method !== "get" && plugins.has(tags[0] ?? ""));
    expect(changes).to.have.length.above(25);
    const without = changes.filter(([, { responses }]) => !JSON.stringify(responses).includes("schemas/Undo"));
    expect(without.map(([, { operationId }]) => operationId)).to.deep.equal([]);
  });
});
