import { expect } from "chai";

import { boot } from "../../../core/boot.ts";
import { work } from "../../../workers/main.ts";
import { eventually, onBothStores, startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { furnishHotel, type FurnishedHotel } from "../../pms/testing/hotel.ts";
import { addManyBookings, waitForReport } from "../testing/bookings.ts";

onBothStores("reports of several hotels", (store) => {
  let platform: TestPlatform;
  let greedy: FurnishedHotel;
  let modest: FurnishedHotel;
  before(async function () {
    this.timeout(60_000);
    platform = await startTestPlatform({ store, worker: false });
    greedy = await furnishHotel(platform.client);
    modest = await furnishHotel(platform.client);
    await addManyBookings(platform.owner, greedy, 60_000);
  });
  after(() => platform.close());

  const ask = async (hotel: FurnishedHotel, from: string): Promise<string> =>
    (await platform.client.post("/reports/bookings", { from }, { token: hotel.managerToken })).body.report_id as string;

  it("A hotel with eight reports builds one at a time and does not delay another hotel", async () => {
    const many: string[] = [];
    for (let day = 1; day <= 8; day += 1) many.push(await ask(greedy, `2029-01-0${day}`));
    const one = await ask(modest, "2029-01-01");
    let most = 0;
    const watch = setInterval(() => {
      void platform
        .owner("reporting.reports")
        .where({ hotel_id: greedy.hotelId, status: "running" })
        .count({ running: "*" })
        .then((rows) => {
          most = Math.max(most, Number(rows[0]?.["running"]));
        });
    }, 20);
    const worker = await work(await boot("worker", platform.variables));
    try {
      expect((await waitForReport(platform, modest, one)).status).to.equal("succeeded");
      const open = await platform
        .owner("reporting.reports")
        .where({ hotel_id: greedy.hotelId })
        .whereIn("status", ["queued", "running"]);
      expect(open.length, "the other's are still on their way").to.be.greaterThan(3);
      await eventually(async () => {
        const { items } = (await platform.client.get("/reports?limit=20", { token: greedy.managerToken })).body as {
          items: { status: string }[];
        };
        return items.every(({ status }) => status === "succeeded") ? true : undefined;
      }, 60_000);
      expect(most).to.equal(1);
      expect(many).to.have.length(8);
    } finally {
      clearInterval(watch);
      await worker.close();
    }
  }).timeout(90_000);
});
