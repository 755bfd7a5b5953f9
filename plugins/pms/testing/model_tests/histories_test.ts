import { expect } from "chai";
import fc from "fast-check";
import type { Knex } from "knex";

import { dayAt } from "../../../../core/mod.ts";
import { processVariables } from "../../../../core/config/env.ts";
import { signUpHotel, startTestPlatform } from "../../../../testing/platform.ts";
import { type DeskDatabase, openDeskDatabase } from "../desk_database.ts";
import { directDesk, httpDesk } from "./direct_desk.ts";
import { dayNumber } from "./model/hotel.ts";
import { requireWhole } from "./invariants.ts";
import { type HotelKind, hotelKinds, insertHotel, setSubscription } from "../insert_hotel.ts";
import { compareAll, momentOf, runHistory, type HistoryRun, type Tally } from "./run_history.ts";
import { history } from "./random_steps.ts";
import type { Step } from "./steps.ts";

/** HISTORIES=5000 plays so many; the seed of a run that failed is in its message, and HISTORIES_SEED plays it again. */
const { HISTORIES = "90", HISTORIES_SEED } = processVariables();
const numRuns = Number(HISTORIES);
/** Shrinking ends in time for the seed to be told. */
const most = { interruptAfterTimeLimit: 15_000 + numRuns * 1500, markInterruptAsFailure: true };
const parameters = { ...most, ...(HISTORIES_SEED === undefined ? {} : { seed: Number(HISTORIES_SEED) }) };

const operations =
  "createBooking amendBooking moveBooking swapBookings checkIn checkOut cancelBooking markNoShow undoCheckIn undoCheckOut " +
  "reinstateBooking waiveCharge undoWaiver closeRoom reopenRoom changeRoom setHousekeeping setRates findFreeRooms repackRooms closeDay " +
  "changePolicies changeGuest anonymizeGuest mergeGuest unmergeGuest";
const refusals = {
  createBooking: ["ROOM_TAKEN", "NO_ROOM_FREE", "TOO_MANY_GUESTS", "MINIMUM_STAY", "SUBSCRIPTION_LAPSED"],
  amendBooking: ["ILLEGAL_TRANSITION", "VALIDATION_FAILED", "PRICE_NOT_ALLOWED"],
  moveBooking: ["ROOM_TAKEN"],
  closeRoom: ["ROOM_TAKEN"],
  changeRoom: ["ROOM_HAS_BOOKINGS"],
  // And a day with guests who stayed on.
  closeDay: ["WRONG_DAY", "DAY_NOT_OVER", "FORBIDDEN", "overstays"],
  checkOut: ["WRONG_DAY"],
  reinstateBooking: ["WRONG_DAY"],
  waiveCharge: ["NO_CHARGE"],
  mergeGuest: ["GUEST_MERGED", "GUEST_ANONYMOUS"],
  unmergeGuest: ["GUEST_NOT_MERGED"],
  undoWaiver: ["NOT_WAIVED"],
  undoCheckOut: ["WRONG_DAY"],
  repackRooms: ["NO_ROOM_FREE", "REPACK_CHANGED"],
};
/** Twice in a hundred histories, and four times (guests who could not stay on): of fewer than `many` it would be chance. */
const rare = ["amendBooking NO_ROOM_FREE", "closeDay overdue"];
const many = 900;

async function runToTheEnd(run: HistoryRun, owner: Knex, hotelId: string, steps: readonly Step[]): Promise<void> {
  await runHistory(run, steps);
  await compareAll(run);
  await requireWhole(owner, hotelId);
}

describe("random histories of a desk", function () {
  this.timeout(30_000 + numRuns * 2000);
  let database: DeskDatabase;
  let owner: Knex;
  let pool: Knex;
  const tally: Tally = new Map();
  before(async () => {
    database = await openDeskDatabase({ owner: 4, pool: 4 });
    ({ owner, pool } = database);
  });
  after(() => database.close());

  const lane = (kind: HotelKind) =>
    fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const { hotelId, model } = await insertHotel(owner, kind);
        const lapse = (lapsed: boolean) => setSubscription(owner, hotelId, lapsed);
        const desk = directDesk(pool, hotelId, () => momentOf(model, kind));
        await runToTheEnd({ model, desk, tally, lapse }, owner, hotelId, steps);
      }),
      { numRuns: Math.ceil(numRuns / hotelKinds.length), ...parameters },
    );

  it("go as the model says, call by call, and leave nights, prices, states, histories and figures whole", async () => {
    await Promise.all(hotelKinds.map(lane));
  });

  it("have met every operation and the common refusals on the way", function () {
    // Of a few histories it would be chance.
    if (numRuns < 90) return this.skip();
    expect([...tally.keys()]).to.include.members([
      ...operations.split(" ").map((id) => `${id} OK`),
      ...Object.entries(refusals).flatMap(([id, codes]) => codes.map((code) => `${id} ${code}`)),
      ...(numRuns < many ? [] : rare),
    ]);
  });

  it("go the same way over HTTP", async () => {
    const platform = await startTestPlatform({ worker: false });
    try {
      await fc.assert(
        fc.asyncProperty(history, async (steps) => {
          const { hotelId, managerToken, receptionistToken } = await signUpHotel(platform.client);
          const { model } = await insertHotel(platform.owner, hotelKinds[0] as HotelKind, hotelId);
          // The real clock is far ahead of the first day of the model.
          model.calendarDay = () => dayNumber(dayAt(new Date(), (hotelKinds[0] as HotelKind).timeZone));
          const lapse = (lapsed: boolean) => setSubscription(platform.owner, hotelId, lapsed);
          const desk = httpDesk([platform.client], managerToken, receptionistToken);
          await runToTheEnd({ model, desk, tally: new Map(), lapse }, platform.owner, hotelId, steps);
        }),
        { numRuns: Math.ceil(numRuns / 30), ...parameters },
      );
    } finally {
      await platform.close();
    }
  });
});
