import { expect } from "chai";
import fc from "fast-check";
import type { Knex } from "knex";

import { openPool } from "../../../../core/db/pool.ts";
import { processVariables } from "../../../../core/config/env.ts";
import { loginRole, urlAs } from "../../../../core/db/role_names.ts";
import {
  signUpHotel,
  startTestPlatform,
  startWebProcesses,
  type TestPlatform,
  testSecret,
  type WebProcesses,
} from "#testing/mod.ts";
import { type Desk, directDesk, httpDesk, problemsOf } from "./direct_desk.ts";
import { checkInvariants } from "./invariants.ts";
import { type HotelKind, hotelKinds, insertHotel } from "../insert_hotel.ts";
import { StaleView } from "./stale_view.ts";
import { stepsOfClients } from "./random_steps.ts";
import { callOf, type Step } from "./steps.ts";

/**
 * `HISTORIES` sets the number of rounds. A failure prints its seed, and `HISTORIES_SEED` runs it again. A seed does not
 * repeat the order in which concurrent requests reach PostgreSQL.
 */
const { HISTORIES = "90", HISTORIES_SEED } = processVariables();
const runs = Number(HISTORIES);
// fast-check must not shorten a failed round, because the same steps can succeed in another order.
const parameters = { endOnFailure: true, ...(HISTORIES_SEED === undefined ? {} : { seed: Number(HISTORIES_SEED) }) };

/**
 * Runs the steps of all clients concurrently. Each answer must be a success or a problem that the route declares.
 * @returns the number of successes
 */
async function runConcurrently(desk: Desk, view: StaleView, clients: readonly (readonly Step[])[]): Promise<number> {
  let successes = 0;
  await Promise.all(
    clients.map(async (steps) => {
      for (const step of steps) {
        const call = callOf(step, view);
        if (call === undefined) continue;
        const outcome = await desk(call);
        if (outcome.code !== "OK") expect(problemsOf(call.id), call.id).to.include(outcome.code);
        else successes += 1;
        view.observe(call, outcome);
      }
    }),
  );
  return successes;
}

describe("Concurrent clients in one hotel", function () {
  this.timeout(30_000 + runs * 2000);
  let platform: TestPlatform;
  let processes: WebProcesses;
  let pool: Knex;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
    processes = await startWebProcesses(platform.variables, 2);
    pool = openPool({ url: urlAs(platform.databaseUrl, loginRole, testSecret), max: 10, name: "test desks" });
  });
  after(async () => {
    await pool.destroy();
    await processes.close();
    await platform.close();
  });

  it("Concurrent clients get only declared problems and break no rule of the hotel", async () => {
    let successes = 0;
    await fc.assert(
      fc.asyncProperty(stepsOfClients(8, 30), fc.constantFrom(...hotelKinds), async (clients, kind) => {
        const { hotelId, model } = await insertHotel(platform.owner, kind);
        successes += await runConcurrently(directDesk(pool, hotelId), new StaleView(model), clients);
        await checkInvariants(platform.owner, hotelId);
      }),
      { numRuns: Math.ceil(runs / 5), ...parameters },
    );
    expect(successes).to.be.greaterThan(runs);
  });

  it("Concurrent clients of several web processes get only declared problems and break no rule", async () => {
    await fc.assert(
      fc.asyncProperty(stepsOfClients(8, 30), async (clients) => {
        const { hotelId, managerToken, receptionistToken } = await signUpHotel(platform.client);
        const { model } = await insertHotel(platform.owner, hotelKinds[0] as HotelKind, hotelId);
        const desk = httpDesk([platform.client, ...processes.clients], managerToken, receptionistToken);
        await runConcurrently(desk, new StaleView(model), clients);
        await checkInvariants(platform.owner, hotelId);
      }),
      { numRuns: Math.ceil(runs / 30), ...parameters },
    );
  });
});
