import { expect } from "chai";

import { startTestPlatform, type TestPlatform, withoutUndo } from "#testing/mod.ts";
import { furnishHotel, type FurnishedHotel } from "../testing/hotel.ts";

describe("Bookings", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  const book = (hotel: FurnishedHotel, from: number, to: number, more: Record<string, unknown> = {}) =>
    platform.client.post(
      "/bookings/",
      {
        room_id: hotel.roomIds[0],
        guest: { name: "Ada Lovelace" },
        check_in_at: hotel.day(from),
        expected_check_out_at: hotel.day(to),
        ...more,
      },
      { token: hotel.receptionistToken },
    );

  it("A new booking has its room at once, at a total that the server computes", async () => {
    const hotel = await furnishHotel(platform.client, { rate: "120.50" });
    const quote = await platform.client.get(`/rooms/available?check_in=${hotel.day(0)}&check_out=${hotel.day(3)}`, {
      token: hotel.receptionistToken,
    });
    expect(quote.body.items).to.have.length(1);
    const booking = await book(hotel, 0, 3);
    expect(booking.status).to.equal(201);
    expect(booking.body).to.include({
      total_amount: "361.50",
      currency: "EUR",
      status: "confirmed",
      room_number: "101",
    });
    expect(booking.body.total_amount).to.equal(quote.body.items[0].total_amount);
    expect(booking.body.nights.map((night: { date: string }) => night.date)).to.deep.equal([
      hotel.day(0),
      hotel.day(1),
      hotel.day(2),
    ]);
    const read = await platform.client.get(`/bookings/${booking.body.booking_id}`, { token: hotel.receptionistToken });
    expect(read.body).to.deep.equal(withoutUndo(booking.body));
    expect(read.headers.get("etag")).to.equal(booking.headers.get("etag"));
    expect(booking.headers.get("location")).to.equal(`/bookings/${booking.body.booking_id}`);
    const after = await platform.client.get(`/rooms/available?check_in=${hotel.day(2)}&check_out=${hotel.day(4)}`, {
      token: hotel.receptionistToken,
    });
    expect(after.body.items).to.deep.equal([]);
    expect((await book(hotel, 0, 1, { total_amount: "1.00" })).status).to.equal(400);
  });

  it("A taken room answers 409 with the nights in conflict and the rooms that are free instead", async () => {
    const hotel = await furnishHotel(platform.client, { rooms: 2 });
    await book(hotel, 1, 3);
    const refused = await book(hotel, 2, 5);
    expect(refused.status).to.equal(409);
    expect(refused.headers.get("content-type")).to.match(/^application\/problem\+json/);
    expect(refused.body).to.include({ code: "ROOM_TAKEN", status: 409 });
    expect(refused.body.nights).to.deep.equal([hotel.day(2)]);
    expect(refused.body.free_rooms[0].room_number).to.equal("102");
    expect((await book(hotel, 3, 5)).status).to.equal(201);
  });

  it("A booking by room type gets a free room, until none is left", async () => {
    const hotel = await furnishHotel(platform.client, { rooms: 2 });
    const any = { room_id: undefined, room_type_id: hotel.roomTypeId };
    const numbers = [(await book(hotel, 0, 2, any)).body.room_number, (await book(hotel, 1, 2, any)).body.room_number];
    expect(numbers).to.have.members(["101", "102"]);
    const none = await book(hotel, 1, 2, any);
    expect(none.status).to.equal(409);
    expect(none.body.code).to.equal("NO_ROOM_FREE");
  });

  it("A hundred concurrent bookings of a type get a room each, as long as rooms are left", async () => {
    const hotel = await furnishHotel(platform.client, { rooms: 80 });
    const any = { room_id: undefined, room_type_id: hotel.roomTypeId };
    const answers = await Promise.all(Array.from({ length: 100 }, () => book(hotel, 0, 2, any)));
    const booked = answers.filter(({ status }) => status === 201);
    expect(new Set(booked.map(({ body }) => body.room_number)).size).to.equal(80);
    const refused = answers.filter(({ status }) => status !== 201).map(({ body }) => body.code as string);
    expect(refused).to.deep.equal(Array.from({ length: 20 }, () => "NO_ROOM_FREE"));
  }).timeout(40_000);

  it("One of fifty concurrent bookings gets the room, and the others answer 409, in twenty rounds", async () => {
    const hotel = await furnishHotel(platform.client);
    for (let round = 0; round < 20; round += 1) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => book(hotel, round, round + 1)));
      const statuses = answers.map((answer) => answer.status);
      expect(
        statuses.filter((status) => status === 201),
        `round ${round}`,
      ).to.have.length(1);
      expect(
        statuses.filter((status) => status === 409),
        `round ${round}`,
      ).to.have.length(49);
    }
    const { rows } = (await platform.owner.raw(
      "SELECT count(*)::int AS stays FROM pms.occupancies WHERE hotel_id = ?",
      [hotel.hotelId],
    )) as {
      rows: { stays: number }[];
    };
    expect(rows[0]?.stays).to.equal(20);
  }).timeout(60_000);

  it("PostgreSQL refuses a second stay in the same room and night", async () => {
    const hotel = await furnishHotel(platform.client);
    await book(hotel, 0, 2);
    const twin = platform.owner.raw(
      `INSERT INTO pms.occupancies (hotel_id, occupancy_id, room_id, arrival, departure, booking_id)
       SELECT hotel_id, gen_random_uuid(), room_id, arrival, departure, booking_id
       FROM pms.occupancies WHERE hotel_id = ?`,
      [hotel.hotelId],
    );
    const refusal = await twin.then(
      () => undefined,
      (error: { constraint?: string }) => error,
    );
    expect(refusal?.constraint).to.equal("one_party_a_night");
  });

  it("The same Idempotency-Key gets the same answer, and books once", async () => {
    const hotel = await furnishHotel(platform.client);
    const body = {
      room_id: hotel.roomIds[0],
      guest: { name: "Grace" },
      check_in_at: hotel.day(0),
      expected_check_out_at: hotel.day(1),
    };
    const options = { token: hotel.receptionistToken, headers: { "idempotency-key": "key-1" } };
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => platform.client.post("/bookings/", body, options)),
    );
    for (const answer of answers) expect(answer.status).to.be.oneOf([201, 409]);
    const again = await platform.client.post("/bookings", body, options);
    expect(again.status).to.equal(201);
    expect(again.headers.get("idempotency-replayed")).to.equal("true");
    const made = answers.filter((answer) => answer.status === 201);
    for (const answer of made) expect(answer.body.booking_id).to.equal(again.body.booking_id);
    for (const answer of answers.filter(({ status }) => status === 409))
      expect(answer.body.code).to.equal("IDEMPOTENCY_IN_FLIGHT");
    const other = await platform.client.post("/bookings/", { ...body, adults: 2 }, options);
    expect(other.status).to.equal(422);
    expect(other.body.code).to.equal("IDEMPOTENCY_KEY_REUSED");
    const list = await platform.client.get("/bookings/", { token: hotel.receptionistToken });
    expect(list.body.items).to.have.length(1);
  });

  it("A booking names its room type, its version, and the transitions that its state and dates allow", async () => {
    const hotel = await furnishHotel(platform.client);
    const token = hotel.receptionistToken;
    const { body: later } = await book(hotel, 2, 3);
    expect(later).to.deep.include({ room_type_id: hotel.roomTypeId, version: 1, allowed_transitions: ["cancel"] });
    const { body: booking } = await book(hotel, 0, 2);
    expect(booking.allowed_transitions).to.deep.equal(["check_in", "cancel", "no_show"]);
    const path = `/bookings/${booking.booking_id}`;
    const allowed: string[][] = [];
    for (const word of ["check-in", "check-out", "undo-check-out", "undo-check-in", "cancel", "reinstate"]) {
      const { body, headers } = await platform.client.patch(`/operations/${word}/${booking.booking_id}`, {}, { token });
      expect(headers.get("etag")).to.equal(`"${body.version}"`);
      expect((await platform.client.get(path, { token })).body).to.deep.equal(withoutUndo(body));
      allowed.push(body.allowed_transitions);
    }
    expect(allowed).to.deep.equal([
      ["check_out", "undo_check_in"],
      ["undo_check_out"],
      ["check_out", "undo_check_in"],
      ["check_in", "cancel", "no_show"],
      ["reinstate"],
      ["check_in", "cancel", "no_show"],
    ]);
    const list = await platform.client.get("/bookings/", { token });
    expect(list.body.items.map((item: { version: number }) => item.version)).to.deep.equal([7, 1]);
  });

  it("A stay runs from check-in to check-out, and a refusal names the allowed transitions", async () => {
    const hotel = await furnishHotel(platform.client);
    const token = hotel.receptionistToken;
    const { body: booking } = await book(hotel, 0, 3);
    const early = await platform.client.patch(`/operations/check-out/${booking.booking_id}`, {}, { token });
    expect(early.status).to.equal(409);
    expect(early.body).to.deep.include({
      code: "ILLEGAL_TRANSITION",
      booking_status: "confirmed",
      allowed_transitions: ["check_in", "cancel", "no_show"],
    });
    const inside = await platform.client.patch(`/operations/check-in/${booking.booking_id}`, undefined, { token });
    expect(inside.status).to.equal(200);
    expect(inside.body.status).to.equal("in_house");
    const out = await platform.client.patch(`/operations/check-out/${booking.booking_id}`, {}, { token });
    expect(out.body).to.include({ status: "checked_out", total_amount: "100.00" });
    expect((await book(hotel, 0, 2)).status).to.equal(201);
    const room = await platform.client.get(`/rooms/${hotel.roomIds[0]}`, { token });
    expect(room.body.housekeeping).to.equal("dirty");
    const history = await platform.client.get(`/bookings/${booking.booking_id}/history`, { token });
    expect(history.body.items.map((entry: { action: string }) => entry.action)).to.deep.equal([
      "book",
      "check_in",
      "check_out",
    ]);
    expect(history.body.items[1].before.status).to.equal("confirmed");
  });

  it("A check-in before the arrival day or into an occupied room is refused", async () => {
    const hotel = await furnishHotel(platform.client);
    const token = hotel.receptionistToken;
    const tomorrow = await book(hotel, 1, 2);
    const soon = await platform.client.patch(`/operations/check-in/${tomorrow.body.booking_id}`, {}, { token });
    expect(soon.body.code).to.equal("WRONG_DAY");
    const today = await book(hotel, 0, 1);
    const headers = { "if-match": '"7"' };
    const stale = await platform.client.patch(`/operations/check-in/${today.body.booking_id}`, {}, { token, headers });
    expect(stale.status).to.equal(412);
    expect(
      (await platform.client.patch(`/operations/check-in/${today.body.booking_id}`, {}, { token })).status,
    ).to.equal(200);
  });

  it("A canceled booking frees its nights at once", async () => {
    const hotel = await furnishHotel(platform.client);
    const { body: booking } = await book(hotel, 0, 3);
    await platform.client.patch(`/operations/cancel/${booking.booking_id}`, {}, { token: hotel.receptionistToken });
    expect((await book(hotel, 0, 3)).status).to.equal(201);
  });

  it("Another hotel's room and booking answer 404, and no night is booked there", async () => {
    const [ours, theirs] = [await furnishHotel(platform.client), await furnishHotel(platform.client)];
    const { body: booking } = await book(theirs, 0, 1);
    expect(
      (await platform.client.get(`/bookings/${booking.booking_id}`, { token: ours.managerToken })).status,
    ).to.equal(404);
    expect(
      (await platform.client.patch(`/operations/cancel/${booking.booking_id}`, {}, { token: ours.managerToken }))
        .status,
    ).to.equal(404);
    expect((await book(ours, 0, 1, { room_id: theirs.roomIds[0] })).status).to.equal(404);
  });

  it("A lapsed hotel can read bookings and check guests out, but it can't book", async () => {
    const hotel = await furnishHotel(platform.client);
    const { body: booking } = await book(hotel, 0, 1);
    await platform.client.patch(`/operations/check-in/${booking.booking_id}`, {}, { token: hotel.receptionistToken });
    await platform
      .owner("identity.hotels")
      .where({ hotel_id: hotel.hotelId })
      .update({ valid_to: new Date(0) });
    const refused = await book(hotel, 1, 2);
    expect(refused.status).to.equal(402);
    expect(refused.body.code).to.equal("SUBSCRIPTION_LAPSED");
    expect((await platform.client.get("/bookings/", { token: hotel.receptionistToken })).status).to.equal(200);
    expect(
      (
        await platform.client.patch(
          `/operations/check-out/${booking.booking_id}`,
          {},
          { token: hotel.receptionistToken },
        )
      ).status,
    ).to.equal(200);
  });

  it("Bookings are listed page by page in either order of arrival, each of them once", async () => {
    const hotel = await furnishHotel(platform.client, { rooms: 2 });
    // Two bookings arrive on each day, so pages also end between bookings of the same day.
    for (const at of [0, 1, 2, 3, 4]) {
      const stay = { check_in_at: hotel.day(at >> 1), expected_check_out_at: hotel.day((at >> 1) + 1) };
      const body = { room_id: hotel.roomIds[at % 2], guest: { name: `Guest ${at}` }, ...stay };
      expect((await platform.client.post("/bookings/", body, { token: hotel.receptionistToken })).status).to.equal(201);
    }
    const list = async (order: string): Promise<string[]> => {
      const arrivals: string[] = [];
      for (let cursor = ""; ;) {
        const path = `/bookings/?order=${order}&limit=2${cursor}`;
        const { body } = await platform.client.get(path, { token: hotel.receptionistToken });
        arrivals.push(
          ...body.items.map((one: { arrival: string; booking_id: string }) => one.arrival + one.booking_id),
        );
        if (body.next_cursor === null) return arrivals;
        cursor = `&cursor=${body.next_cursor as string}`;
      }
    };
    const earliest = await list("asc");
    expect(new Set(earliest).size).to.equal(5);
    expect(earliest).to.deep.equal([...earliest].sort());
    expect(await list("desc")).to.deep.equal([...earliest].reverse());
  });

  it("Free rooms are listed page by page, each of them once", async () => {
    const hotel = await furnishHotel(platform.client, { rooms: 5 });
    const numbers: string[] = [];
    const firstPage = `/rooms/available?check_in=${hotel.day(0)}&check_out=${hotel.day(2)}&limit=2`;
    let cursor: string | null = "";
    while (cursor !== null) {
      const path: string = cursor === "" ? firstPage : `${firstPage}&cursor=${cursor}`;
      const page = await platform.client.get(path, { token: hotel.receptionistToken });
      numbers.push(...page.body.items.map((room: { room_number: string }) => room.room_number));
      cursor = page.body.next_cursor as string | null;
    }
    expect(numbers).to.deep.equal(["101", "102", "103", "104", "105"]);
  });

  it("A page of free rooms has 16 rooms for a year, and 200 for a month, even with a higher limit", async () => {
    const hotel = await furnishHotel(platform.client, { rooms: 18 });
    const ask = async (nights: number, more = "") => {
      const path = `/rooms/available?check_in=${hotel.day(0)}&check_out=${hotel.day(nights)}&limit=200${more}`;
      const { body } = await platform.client.get(path, { token: hotel.receptionistToken });
      const items = body.items as { room_number: string; nights: unknown[] }[];
      return {
        numbers: items.map((room) => room.room_number),
        nights: items[0]?.nights.length,
        next: body.next_cursor,
      };
    };
    const numbers = Array.from({ length: 18 }, (_, at) => String(101 + at));
    expect(await ask(31)).to.deep.equal({ numbers, nights: 31, next: null });
    const first = await ask(366);
    expect(first).to.deep.include({ numbers: numbers.slice(0, 16), nights: 366 });
    const rest = await ask(366, `&cursor=${String(first.next)}`);
    expect(rest).to.deep.equal({ numbers: numbers.slice(16), nights: 366, next: null });
    expect(await ask(366, `&room_type_id=${hotel.roomTypeId}&cursor=${String(first.next)}`)).to.deep.equal(rest);
  });

  it("An arrival before the business date gets no free rooms and no prices", async () => {
    const hotel = await furnishHotel(platform.client);
    const asked = (from: number, to: number) =>
      platform.client.get(`/rooms/available?check_in=${hotel.day(from)}&check_out=${hotel.day(to)}`, {
        token: hotel.receptionistToken,
      });
    for (const [from, to] of [
      [-3, -1],
      [-1, 1],
    ] as const) {
      const [offer, booking] = [await asked(from, to), await book(hotel, from, to)];
      const detail =
        `is before the business date ${hotel.day(0)}: earlier days are closed. GET /operations/closed-days lists ` +
        "when each was closed, and the staff member who did it. Book a guest who arrives now from the business date";
      expect([offer.status, offer.body.code]).to.deep.equal([400, "VALIDATION_FAILED"]);
      expect(offer.body.errors).to.deep.equal([{ in: "query", pointer: "/check_in", detail }]);
      expect(booking.body.errors).to.deep.equal([{ in: "body", pointer: "/check_in_at", detail }]);
    }
    expect((await asked(0, 1)).body.items).to.have.length(1);
  });

  it("Days and instants outside of the calendar answer 400 with a pointer", async () => {
    const hotel = await furnishHotel(platform.client);
    const fits = { check_in_at: hotel.day(0), expected_check_out_at: hotel.day(1) };
    for (const wrong of [
      { check_in_at: "9999-12-31", expected_check_out_at: "9999-12-31T23:30:00Z" },
      { ...fits, check_in_at: "2026-12-24T23:59:59-23:59", expected_check_out_at: "9999-12-31T23:59:59-12:00" },
      { ...fits, terms_accepted_at: "9999-12-31T23:59:59-12:00" },
      { ...fits, terms_accepted_at: "0000-01-01T00:00:00+12:00" },
      { ...fits, guest: { name: "nul \u0000" } },
    ]) {
      const answer = await book(hotel, 0, 1, wrong);
      expect([answer.status, answer.body.code], JSON.stringify(wrong)).to.deep.equal([400, "VALIDATION_FAILED"]);
      expect(answer.body.errors).not.to.deep.equal([]);
    }
  });

  it("Money is exact in currencies of no decimals and of three decimals", async () => {
    const yen = await furnishHotel(platform.client, {
      rate: "9000",
      settings: { currency: "JPY", time_zone: "Asia/Tokyo" },
    });
    expect((await book(yen, 0, 3)).body.total_amount).to.equal("27000");
    const dinar = await furnishHotel(platform.client, {
      rate: "33.335",
      settings: { currency: "KWD", time_zone: "Asia/Kuwait" },
    });
    expect((await book(dinar, 0, 3)).body.total_amount).to.equal("100.005");
    const decimals = await platform.client.post(
      "/room-types/",
      { name: "X", capacity: 1, rate: "1.5" },
      { token: yen.managerToken },
    );
    expect(decimals.status).to.equal(400);
    expect(decimals.body.errors[0].pointer).to.equal("/rate");
  });
});
