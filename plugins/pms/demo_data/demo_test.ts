import { expect } from "chai";

import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { playDemo } from "../../../core/plugin/demo_part.ts";
import { planDemo } from "./plan.ts";

describe("The demo hotel", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform?.close());

  it("Has guests in every state of a desk's day, a closed room, and bookings ahead", async function () {
    this.timeout(120_000);
    const { login } = await playDemo(platform.client.url, false);
    const { body: session } = await platform.client.post("/auth/token", login);
    const token = session.access_token as string;
    const { body: board } = await platform.client.get("/operations/today", { token });
    for (const list of ["arrivals", "departures", "in_house", "overdue", "arrived", "left", "dirty_rooms"]) {
      expect(board[list], list).to.have.length.greaterThan(0);
    }
    const closed = await platform.client.get("/operations/closed-days", { token });
    expect(closed.body.items).to.have.length(7);
    const rooms = await platform.client.get("/rooms/?limit=200", { token });
    expect(rooms.body.items).to.have.length(24);
    const { body: policies } = await platform.client.get("/policies", { token });
    expect(policies).to.include({ day_closes_at: "04:00", overstays: "extend" });
  });

  it("Is the same each time", () => {
    const rooms = Array.from({ length: 24 }, (_none, at) => ({ number: `${at}`, capacity: 2 }));
    expect(planDemo(rooms, 7)).to.deep.equal(planDemo(rooms, 7));
  });
});
