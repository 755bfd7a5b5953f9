import { expect } from "chai";

import { processVariables } from "../../../../core/config/env.ts";
import {
  startTestPlatform,
  startWebProcesses,
  type TestAnswer,
  type TestPlatform,
  type WebProcesses,
} from "#testing/mod.ts";
import { furnishHotel, type FurnishedHotel } from "../hotel.ts";
import { checkInvariants } from "./invariants.ts";

/** `RACES` sets the number of rounds of each race. */
const { RACES } = processVariables();
const rounds = (byDefault: number): number => (RACES === undefined ? byDefault : Number(RACES));

describe("Races over several web processes", function () {
  this.timeout(60_000 + rounds(40) * 2000);
  let platform: TestPlatform;
  let processes: WebProcesses;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
    processes = await startWebProcesses(platform.variables, 3);
  });
  after(async () => {
    await processes.close();
    await platform.close();
  });

  const clients = () => processes.clients;
  /** Sends the same request several times at once, spread over the processes. */
  const race = (racers: number, run: (client: TestPlatform["client"]) => Promise<TestAnswer>): Promise<TestAnswer>[] =>
    Array.from({ length: racers }, (_, racer) => run(clients()[racer % clients().length] as TestPlatform["client"]));

  const codes = (answers: readonly TestAnswer[]): string[] =>
    answers.map(({ status, body }) => (status < 300 ? "won" : `${status} ${body.code}`)).sort();
  const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

  const bookingOf = (hotel: FurnishedHotel, roomOrType: Record<string, unknown>, from: number, to: number) => ({
    ...roomOrType,
    guest: { name: "Ada Lovelace" },
    check_in_at: hotel.day(from),
    expected_check_out_at: hotel.day(to),
  });

  it("One of 50 requests for one room gets the room, and 49 answer ROOM_TAKEN", async () => {
    const hotel = await furnishHotel(platform.client);
    const token = hotel.receptionistToken;
    for (let round = 0; round < rounds(40); round += 1) {
      const night = round % 300;
      if (night === 0 && round > 0) await platform.owner("pms.occupancies").where({ hotel_id: hotel.hotelId }).delete();
      const body = bookingOf(hotel, { room_id: hotel.roomIds[0] }, night, night + 1);
      const answers = await Promise.all(race(50, (client) => client.post("/bookings/", body, { token })));
      expect(codes(answers), `round ${round}`).to.deep.equal([...times(49, "409 ROOM_TAKEN"), "won"]);
      const made = answers.find(({ status }) => status < 300);
      expect(made?.status).to.equal(201);
    }
  });

  it("Two of the bookings, closures, moves and extensions that race for two rooms succeed", async () => {
    const hotel = await furnishHotel(platform.client, { rooms: 2 });
    const token = hotel.managerToken;
    const { client } = platform;
    const post = async (path: string, body: unknown): Promise<TestAnswer["body"]> => {
      const answer = await client.post(path, body, { token });
      expect(answer.status, answer.text).to.equal(201);
      return answer.body;
    };
    const other = await post("/room-types/", { name: "Single", capacity: 2, rate: "70.00" });
    const spare = await post("/rooms/", { room_number: "1", room_type_id: other.room_type_id });
    const [first, second] = hotel.roomIds;
    for (let round = 0; round < rounds(10); round += 1) {
      const night = 1 + (round % 150) * 2;
      const before = await post("/bookings/", bookingOf(hotel, { room_id: first }, night - 1, night));
      const beside = await post("/bookings/", bookingOf(hotel, { room_id: spare.room_id }, night, night + 1));
      const closure = { from: hotel.day(night), to: hotel.day(night + 1), reason: "new carpet" };
      const anyRoom = bookingOf(hotel, { room_type_id: hotel.roomTypeId }, night, night + 1);
      const extension = { expected_check_out_at: hotel.day(night + 1) };
      const racing = {
        types: race(9, (one) => one.post("/bookings/", anyRoom, { token })),
        closures: race(2, (one) => one.post(`/rooms/${second}/closures`, closure, { token })),
        moves: race(2, (one) => one.patch(`/operations/move/${beside.booking_id}`, { room_id: second }, { token })),
        extensions: race(2, (one) => one.patch(`/bookings/${before.booking_id}`, extension, { token })),
      };
      const [types, closures, moves, extensions] = [
        codes(await Promise.all(racing.types)),
        codes(await Promise.all(racing.closures)),
        codes(await Promise.all(racing.moves)),
        codes(await Promise.all(racing.extensions)),
      ];
      const all = JSON.stringify({ round, types, closures, moves, extensions });
      expect(new Set(types.filter((code) => code !== "won")), all).to.deep.equal(new Set(["409 NO_ROOM_FREE"]));
      for (const code of [...closures, ...moves, ...extensions])
        expect(code, all).to.be.oneOf(["won", "409 ROOM_TAKEN"]);
      // A second move to the same room and a second extension to the same day succeed too, and change nothing.
      const wins = (answers: readonly string[]): number => answers.filter((code) => code === "won").length;
      const once = (answers: readonly string[]): number => Math.min(1, wins(answers));
      expect(wins(types) + wins(closures) + once(moves) + once(extensions), all).to.equal(2);
      await checkInvariants(platform.owner, hotel.hotelId);
    }
  });

  it("Concurrent changes to a room type all succeed if it has a room for each", async () => {
    const guests = 12;
    const hotel = await furnishHotel(platform.client, { rooms: guests });
    const token = hotel.managerToken;
    const suite = { name: "Suite", capacity: 2, rate: "170.00" };
    const { body: type } = await platform.client.post("/room-types/", suite, { token });
    for (let number = 1; number <= guests; number += 1) {
      const room = { room_number: `S${number}`, room_type_id: type.room_type_id };
      expect((await platform.client.post("/rooms/", room, { token })).status).to.equal(201);
    }
    for (let round = 0; round < rounds(5); round += 1) {
      const night = round % 300;
      const body = bookingOf(hotel, { room_type_id: hotel.roomTypeId }, night, night + 1);
      const made = await Promise.all(race(guests, (client) => client.post("/bookings/", body, { token })));
      const ids = made.map((answer) => answer.body.booking_id as string);
      const changes = await Promise.all(
        race(guests, (client) =>
          client.patch(`/bookings/${ids.pop()}`, { room_type_id: type.room_type_id }, { token }),
        ),
      );
      expect(codes(changes), `round ${round}`).to.deep.equal(times(guests, "won"));
    }
    await checkInvariants(platform.owner, hotel.hotelId);
  });
});
