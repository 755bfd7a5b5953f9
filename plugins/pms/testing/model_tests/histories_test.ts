import { expect } from "chai";
import fc from "fast-check";
import type { Knex } from "knex";

import { dayAt } from "../../../../core/mod.ts";
import { processVariables } from "../../../../core/config/env.ts";
import { signUpHotel, startTestPlatform } from "#testing/mod.ts";
import { type DeskDatabase, openDeskDatabase } from "../desk_database.ts";
import { directDesk, httpDesk } from "./direct_desk.ts";
import { dayNumber } from "./model/data.ts";
import { checkInvariants } from "./invariants.ts";
import { type HotelKind, hotelKinds, insertHotel, setSubscription } from "../insert_hotel.ts";
import { compareAll, momentOf, runHistory, type HistoryRun, type Tally } from "./run_history.ts";
import { history } from "./random_steps.ts";
import type { Step } from "./steps.ts";

/** `HISTORIES` sets the number of histories. A failure prints its seed, and `HISTORIES_SEED` runs it again. */
const { HISTORIES = "90", HISTORIES_SEED } = processVariables();
const numRuns = Number(HISTORIES);
/** Ends the shortening of a failed history before mocha's timeout, so that the failure can print its seed. */
const limits = { interruptAfterTimeLimit: 15_000 + numRuns * 1500, markInterruptAsFailure: true };
const parameters = { ...limits, ...(HISTORIES_SEED === undefined ? {} : { seed: Number(HISTORIES_SEED) }) };

/** The operations that must succeed at least once in all histories. */
const operations =
  "createBooking amendBooking moveBooking swapBookings checkIn checkOut cancelBooking markNoShow undoCheckIn " +
  "undoCheckOut reinstateBooking waiveCharge undoWaiver closeRoom reopenRoom changeRoom setHousekeeping setRates " +
  "findFreeRooms repackRooms closeDay changePolicies changeGuest anonymizeGuest mergeGuest unmergeGuest";
/** The refusals that must occur at least once in all histories. */
const refusals = {
  createBooking: ["ROOM_TAKEN", "NO_ROOM_FREE", "TOO_MANY_GUESTS", "MINIMUM_STAY", "SUBSCRIPTION_LAPSED"],
  amendBooking: ["ILLEGAL_TRANSITION", "VALIDATION_FAILED", "PRICE_NOT_ALLOWED"],
  moveBooking: ["ROOM_TAKEN"],
  closeRoom: ["ROOM_TAKEN"],
  changeRoom: ["ROOM_HAS_BOOKINGS"],
  // `overstays` is not a refusal: it is a close that extended a stay.
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
/** Outcomes that occur two and four times in 100 histories. Fewer than `many` histories can lack them by chance. */
const rare = ["amendBooking NO_ROOM_FREE", "closeDay overdue"];
const many = 900;

/** Runs a history, compares the whole hotel with the model, and checks the rows. */
async function runAndCompare(run: HistoryRun, owner: Knex, hotelId: string, steps: readonly Step[]): Promise<void> {
  await runHistory(run, steps);
  await compareAll(run);
  await checkInvariants(owner, hotelId);
}

describe("Random histories of a desk", function () {
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

  const runHistoriesOf = (kind: HotelKind) =>
    fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const { hotelId, model } = await insertHotel(owner, kind);
        const setLapsed = (isLapsed: boolean) => setSubscription(owner, hotelId, isLapsed);
        const desk = directDesk(pool, hotelId, () => momentOf(model, kind));
        await runAndCompare({ model, desk, tally, setLapsed }, owner, hotelId, steps);
      }),
      { numRuns: Math.ceil(numRuns / hotelKinds.length), ...parameters },
    );

  it("Each answer of a random history equals the prediction of the model, and no row breaks a rule", async () => {
    await Promise.all(hotelKinds.map(runHistoriesOf));
  });

  it("The histories reach every operation and the common refusals", function () {
    // A few histories can miss an operation by chance.
    if (numRuns < 90) return this.skip();
    expect([...tally.keys()]).to.include.members([
      ...operations.split(" ").map((id) => `${id} OK`),
      ...Object.entries(refusals).flatMap(([id, codes]) => codes.map((code) => `${id} ${code}`)),
      ...(numRuns < many ? [] : rare),
    ]);
  });

  it("Random histories over HTTP equal the predictions of the model", async () => {
    const platform = await startTestPlatform({ worker: false });
    try {
      await fc.assert(
        fc.asyncProperty(history, async (steps) => {
          const { hotelId, managerToken, receptionistToken } = await signUpHotel(platform.client);
          const { model } = await insertHotel(platform.owner, hotelKinds[0] as HotelKind, hotelId);
          // The web process uses the real date, which is far ahead of the first day of the model.
          model.calendarDay = () => dayNumber(dayAt(new Date(), (hotelKinds[0] as HotelKind).timeZone));
          const setLapsed = (isLapsed: boolean) => setSubscription(platform.owner, hotelId, isLapsed);
          const desk = httpDesk([platform.client], managerToken, receptionistToken);
          await runAndCompare({ model, desk, tally: new Map(), setLapsed }, platform.owner, hotelId, steps);
        }),
        { numRuns: Math.ceil(numRuns / 30), ...parameters },
      );
    } finally {
      await platform.close();
    }
  });
});
