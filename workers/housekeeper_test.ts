import { expect } from "chai";

import { logIn, signUpHotel, startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { type ApiDocument, operationsOf, sampleRequest } from "../testing/attack/api_document.ts";

/** All that a housekeeper can call. A new operation is refused until it is named here. */
const allowed = [
  "changeOwnPassword",
  "endBrowserSession",
  "endOtherSessions",
  "endOwnSession",
  "listOwnSessions",
  "lockSession",
  "readHousekeeping",
  "removePin",
  "revokeSession",
  "setHousekeepingOfRooms",
  "setPin",
  "streamChanges",
  "unlockSession",
  "whoAmI",
];

describe("A housekeeper", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  it("A housekeeper gets 403 from each operation except the list of housekeeping and the own session", async () => {
    const { client } = platform;
    const hotel = await signUpHotel(client);
    const username = `maid-${hotel.username}`;
    const user = { username, password: "correct-horse-battery", role: "housekeeper", must_change_password: false };
    const created = await client.post("/users/", user, { token: hotel.managerToken });
    expect([created.status, created.body.role]).to.deep.equal([201, "housekeeper"]);
    const token = await logIn(client, username, user.password);
    const operations = operationsOf((await client.get("/openapi.json")).body as ApiDocument);
    const secured = operations.filter(({ roles }) => roles !== undefined);
    const named = secured.filter(({ roles }) => roles?.includes("housekeeper")).map(({ id }) => id);
    expect(named.sort()).to.deep.equal(allowed);
    const refused = secured.filter(({ id }) => !allowed.includes(id));
    expect(refused.length).to.be.greaterThan(60);
    for (const operation of refused) {
      const { method, path, body } = sampleRequest(operation, () => hotel.hotelId);
      const answer = await client.call(method, path, body, { token });
      expect([answer.status, answer.body.code], operation.id).to.deep.equal([403, "FORBIDDEN"]);
    }
    expect((await client.get("/auth/me", { token })).body.role).to.equal("housekeeper");
    const type = { name: "Double", capacity: 2, rate: "100.00" };
    const { room_type_id } = (await client.post("/room-types/", type, { token: hotel.managerToken })).body;
    const room = { room_number: "101", room_type_id };
    const { room_id } = (await client.post("/rooms/", room, { token: hotel.managerToken })).body;
    const set = await client.patch("/housekeeping", { room_ids: [room_id], housekeeping: "dirty" }, { token });
    expect([set.status, set.body.rooms?.[0].before]).to.deep.equal([200, "clean"]);
    const [listed] = (await client.get("/housekeeping", { token })).body.rooms;
    expect(listed.housekeeping).to.equal("dirty");
  });

  it("A user who becomes a housekeeper loses the desk at once", async () => {
    const { client } = platform;
    const hotel = await signUpHotel(client);
    const token = hotel.receptionistToken;
    expect((await client.get("/operations/today", { token })).status).to.equal(200);
    const { user_id } = (await client.get("/auth/me", { token })).body;
    const changed = await client.patch(`/users/${user_id}`, { role: "housekeeper" }, { token: hotel.managerToken });
    expect(changed.status).to.equal(200);
    const again = await logIn(client, changed.body.username as string, "correct-horse-battery");
    for (const one of [token, again])
      expect((await client.get("/operations/today", { token: one })).status).to.be.oneOf([401, 403]);
    expect((await client.get("/housekeeping", { token: again })).status).to.equal(200);
  });
});
