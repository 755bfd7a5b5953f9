import { expect } from "chai";
import fc from "fast-check";
import type { Knex } from "knex";

import { openPool } from "../../../../core/db/pool.ts";
import { processVariables } from "../../../../core/config/env.ts";
import { loginRole, urlAs } from "../../../../core/db/role_names.ts";
import { testSecret } from "../../../../testing/postgres.ts";
import { signUpHotel, startTestPlatform, type TestPlatform } from "../../../../testing/platform.ts";
import { startWebProcesses, type WebProcesses } from "../../../../testing/web_processes.ts";
import { type Desk, directDesk, httpDesk, problemsOf } from "./direct_desk.ts";
import { requireWhole } from "./invariants.ts";
import { type HotelKind, hotelKinds, insertHotel } from "../insert_hotel.ts";
import { StaleView } from "./stale_view.ts";
import { clientsSteps } from "./random_steps.ts";
import { callOf, type Step } from "./steps.ts";

/** HISTORIES=5000 plays so many rounds; the seed of what failed is in its message, though who came first is not in a seed. */
const { HISTORIES = "90", HISTORIES_SEED } = processVariables();
const runs = Number(HISTORIES);
// A race that was lost once is not lost again on demand, so there is nothing to shrink by.
const parameters = { endOnFailure: true, ...(HISTORIES_SEED === undefined ? {} : { seed: Number(HISTORIES_SEED) }) };

/** All clients work at once, each in its own order. What is answered must be in the route's own list of problems. */
async function workAtOnce(desk: Desk, view: StaleView, clients: readonly (readonly Step[])[]): Promise<number> {
  let done = 0;
  await Promise.all(
    clients.map(async (steps) => {
      for (const step of steps) {
        const call = callOf(step, view);
        if (call === undefined) continue;
        const outcome = await desk(call);
        if (outcome.code !== "OK") expect(problemsOf(call.id), call.id).to.include(outcome.code);
        else done += 1;
        view.observe(call, outcome);
      }
    }),
  );
  return done;
}

describe("several clients at once in one hotel", function () {
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

  it("are told nothing but what the catalogue has, and leave the hotel whole after every round", async () => {
    let done = 0;
    await fc.assert(
      fc.asyncProperty(clientsSteps(8, 30), fc.constantFrom(...hotelKinds), async (clients, kind) => {
        const { hotelId, model } = await insertHotel(platform.owner, kind);
        done += await workAtOnce(directDesk(pool, hotelId), new StaleView(model), clients);
        await requireWhole(platform.owner, hotelId);
      }),
      { numRuns: Math.ceil(runs / 5), ...parameters },
    );
    expect(done).to.be.greaterThan(runs);
  });

  it("are no other over HTTP, with several web processes", async () => {
    await fc.assert(
      fc.asyncProperty(clientsSteps(8, 30), async (clients) => {
        const { hotelId, managerToken, receptionistToken } = await signUpHotel(platform.client);
        const { model } = await insertHotel(platform.owner, hotelKinds[0] as HotelKind, hotelId);
        const desk = httpDesk([platform.client, ...processes.clients], managerToken, receptionistToken);
        await workAtOnce(desk, new StaleView(model), clients);
        await requireWhole(platform.owner, hotelId);
      }),
      { numRuns: Math.ceil(runs / 30), ...parameters },
    );
  });
});
