import { expect } from "chai";

import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { openDesk } from "../testing/desk.ts";

describe("Adding several rooms at once", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false, variables: { TRIAL_ROOMS: "6" } });
  });
  after(() => platform.close());

  it("One request adds all rooms, or none if one number is taken, twice in the list, or over the quota", async () => {
    const desk = await openDesk(platform, { rooms: 1 });
    const other = await openDesk(platform);
    const add = (room_numbers: readonly string[], more: object = {}) =>
      desk.manage("POST", "/rooms/bulk", { room_type_id: desk.roomTypeId, floor: "2", room_numbers, ...more });
    const numbers = async () =>
      (await desk.get("/rooms/")).body.items.map(({ room_number: one }: { room_number: string }) => one) as string[];
    const refusals = [
      [await add(["201", "101"]), 409, "NAME_TAKEN"],
      [await add(["201", "202", "201"]), 409, "NAME_TAKEN"],
      [await add(["201", "202", "203", "204", "205", "206"]), 403, "TRIAL_QUOTA_REACHED"],
      [await add(["201"], { room_type_id: other.roomTypeId }), 404, "NOT_FOUND"],
      [await add([]), 400, "VALIDATION_FAILED"],
    ] as const;
    for (const [answer, status, code] of refusals)
      expect([answer.status, answer.body.code], answer.text).to.deep.equal([status, code]);
    expect(await numbers()).to.deep.equal(["101"]);
    const added = await add(["201", "202", "203", "204", "205"]);
    expect(added.status, added.text).to.equal(201);
    expect(added.body.rooms[4]).to.include({ room_number: "205", floor: "2", housekeeping: "clean", rate: null });
    expect(await numbers()).to.deep.equal(["101", "201", "202", "203", "204", "205"]);
  });
});
