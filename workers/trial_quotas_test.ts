/** Checks the quotas of a hotel on trial with every call that adds rows, and that a hotel that pays has none. */
import { expect } from "chai";

import { addDays } from "../core/mod.ts";
import type { TestAnswer } from "../testing/client.ts";
import { signUpHotel, startTestPlatform, type TestHotel, type TestPlatform } from "../testing/platform.ts";

const quotas = {
  TRIAL_USERS: "3",
  TRIAL_ROOM_TYPES: "2",
  TRIAL_ROOMS: "2",
  TRIAL_SCHEDULES: "1",
  TRIAL_BOOKINGS_PER_DAY: "3",
  TRIAL_REPORTS_PER_DAY: "2",
};

describe("The quotas of a hotel on trial", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false, variables: quotas });
  });
  after(() => platform.close());

  let names = 0;
  async function openHotel() {
    const hotel = await signUpHotel(platform.client);
    const post = (path: string, body: object, headers = {}): Promise<TestAnswer> =>
      platform.client.post(path, body, { token: hotel.managerToken, headers });
    const type = await post("/room-types/", { name: "Double", capacity: 2, rate: "100.00" });
    const { business_date: today } = (await platform.client.get("/hotels/me", { token: hotel.managerToken })).body;
    const name = (): string => `quota-${process.pid}-${(names += 1)}`;
    let nights = 0;
    return {
      ...hotel,
      addUser: () =>
        post("/users/", {
          username: name(),
          password: "correct-horse-battery",
          role: "receptionist",
          must_change_password: false,
        }),
      addRoomType: () => post("/room-types/", { name: name(), capacity: 2, rate: "100.00" }),
      addRoom: () => post("/rooms/", { room_number: name().slice(-8), room_type_id: type.body.room_type_id }),
      addSchedule: () => post("/reports/schedules", { kind: "bookings", every: "night" }),
      streamReport: (token = hotel.managerToken) =>
        platform.client.post("/reports/arrivals", {}, { token, headers: { accept: "text/csv" } }),
      addReport: () => post("/reports/occupancy", { from: today, to: addDays(today, (nights += 1)) }),
      addBooking: (headers = {}) =>
        post(
          "/bookings/",
          {
            room_type_id: type.body.room_type_id,
            guest: { name: name() },
            check_in_at: addDays(today, (nights += 1)),
            expected_check_out_at: addDays(today, nights + 1),
          },
          headers,
        ),
    };
  }

  /** Records the use of a whole day, also for the days before and after: a request can fall on another UTC day. */
  const useUp = (hotelId: string, kind: string, used: number): Promise<unknown> =>
    platform.owner.raw(
      `INSERT INTO core.daily_usage (tenant_id, day, kind, used)
       SELECT ?, (now() AT TIME ZONE 'UTC')::date + n, ?, ? FROM generate_series(-1, 1) AS n
       ON CONFLICT (tenant_id, day, kind) DO UPDATE SET used = excluded.used`,
      [hotelId, kind, used],
    );

  const pay = ({ hotelId }: TestHotel): Promise<unknown> =>
    platform.owner.raw("UPDATE identity.hotels SET valid_to = trial_ends_at + interval '1 month' WHERE hotel_id = ?", [
      hotelId,
    ]);

  const expectQuotaReached = ({ status, body }: TestAnswer, of: string, most: number): void => {
    expect([status, body.code], of).to.deep.equal([403, "TRIAL_QUOTA_REACHED"]);
    expect(body.quota).to.deep.equal({ of, most });
    expect(body.detail).to.contain("POST /billing/checkout");
  };

  it("Users, room types, rooms and schedules are as many as the quota, also where they are added at once", async () => {
    const hotel = await openHotel();
    for (const [of, most, there, add] of [
      ["users", 3, 2, hotel.addUser],
      ["room types", 2, 1, hotel.addRoomType],
      ["rooms", 2, 0, hotel.addRoom],
      ["schedules", 1, 0, hotel.addSchedule],
    ] as const) {
      const answers = await Promise.all(Array.from({ length: 4 }, () => add()));
      const refused = answers.filter(({ status }) => status !== 201);
      expect(refused, of).to.have.length(4 - (most - there));
      for (const answer of refused) expectQuotaReached(answer, of, most);
    }
    await pay(hotel);
    for (const add of [hotel.addUser, hotel.addRoomType, hotel.addRoom, hotel.addSchedule])
      expect((await add()).status).to.equal(201);
  });

  it("Bookings and reports of a day are as many as the quota, and those that fail do not count", async () => {
    const hotel = await openHotel();
    expect((await hotel.addBooking()).body.code).to.equal("NO_ROOM_FREE");
    await hotel.addRoom();
    expect((await hotel.addBooking({ "idempotency-key": "one" })).status).to.equal(201);
    await useUp(hotel.hotelId, "pms.bookings", 2);
    expect((await hotel.addBooking()).status).to.equal(201);
    const refused = await hotel.addBooking();
    expectQuotaReached(refused, "bookings", 3);
    const { body } = await platform.client.get("/bookings/", { token: hotel.managerToken });
    expect(body.items, "what was refused is not there").to.have.length(2);

    expect((await hotel.addReport()).status).to.equal(202);
    await useUp(hotel.hotelId, "reporting.reports", 2);
    expectQuotaReached(await hotel.addReport(), "reports", 2);
    await pay(hotel);
    expect((await hotel.addBooking()).status).to.equal(201);
    expect((await hotel.addReport()).status).to.equal(202);
  });

  it("Reports that are streamed count like those that are built, for managers and receptionists", async () => {
    const hotel = await openHotel();
    const receptionist = await platform.client.post("/auth/token", {
      username: (await hotel.addUser()).body.username,
      password: "correct-horse-battery",
    });
    const broken = await platform.client.post(
      "/reports/arrivals",
      { from: "2030-01-01", to: "2031-01-01" },
      {
        token: receptionist.body.access_token,
      },
    );
    expect(broken.status, "a stream that is refused does not count").to.equal(403);
    expect((await hotel.streamReport()).status).to.equal(200);
    await useUp(hotel.hotelId, "reporting.reports", 1);
    expect((await hotel.streamReport(receptionist.body.access_token)).status).to.equal(200);
    await useUp(hotel.hotelId, "reporting.reports", 2);
    for (const refused of [await hotel.streamReport(), await hotel.addReport()])
      expectQuotaReached(refused, "reports", 2);
    await pay(hotel);
    expect((await hotel.streamReport()).status).to.equal(200);
  });

  it("One hotel's use leaves another's quota as it is", async () => {
    const [one, other] = [await openHotel(), await openHotel()];
    await other.addRoom();
    await useUp(one.hotelId, "pms.bookings", 3);
    expect((await other.addBooking()).status).to.equal(201);
  });
});
