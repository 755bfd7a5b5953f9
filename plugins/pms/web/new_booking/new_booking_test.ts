import { expect } from "chai";

import { describeInBrowser } from "../../../../web/testing/browser.ts";
import { type BrowserDesk, startBrowserDesk } from "../../../../web/testing/desk.ts";
import { handOf } from "../../../../web/testing/hand.ts";
import { furnishHotel, type FurnishedHotel } from "../../testing/hotel.ts";

describeInBrowser("A new booking in the browser", () => {
  let desk: BrowserDesk;
  let hotel: FurnishedHotel;

  before(async function () {
    this.timeout(120_000);
    desk = await startBrowserDesk();
    hotel = await furnishHotel(desk.platform.client, { rooms: 4 });
  });
  after(() => desk?.close());

  const list = async () => (await desk.platform.client.get("/bookings/", { token: hotel.managerToken })).body.items;

  it("Books a stay of typed days by n, the days, Enter, the name and Enter", async () => {
    const { page, faults, context } = await desk.logIn(hotel.username);
    const hand = handOf(page);
    await page.getByText("No one else arrives today.").waitFor();
    await hand.press("n");
    await page.getByLabel("Arrival, nights or departure").waitFor();
    await hand.type("yesterday 2n");
    await page.getByText("Type an arrival, then nights or a departure").waitFor();
    await page.getByLabel("Arrival, nights or departure").fill("");
    await hand.type("+3 2n");
    await page.getByText(/, 2 nights$/).waitFor();
    await hand.press("Enter");
    await hand.type("Grace Hopper");
    await page
      .locator("[aria-busy=false]")
      .getByRole("radio", { name: /Double/ })
      .waitFor();
    await hand.press("Enter");
    await page.getByText("Grace Hopper has room 101.").waitFor();
    expect(hand.count()).to.deep.equal({ clicks: 0, keys: 3 });
    const [booking] = await list();
    expect([booking.arrival, booking.departure]).to.deep.equal([hotel.day(3), hotel.day(5)]);
    expect(faults).to.deep.equal([]);
    await context.close();
  });
});
