import { expect } from "chai";

import { accessibilityFaults } from "../../../../web/testing/axe.ts";
import { describeInBrowser } from "../../../../web/testing/browser.ts";
import { type BrowserDesk, startBrowserDesk } from "../../../../web/testing/desk.ts";
import { handOf } from "../../../../web/testing/hand.ts";
import { type Desk, openDesk } from "../../testing/desk.ts";
import { furnishHotel } from "../../testing/hotel.ts";

/** Places of which one has a time between 1 and 17 o'clock at any moment. */
const zones = ["Pacific/Auckland", "Europe/Berlin", "America/Los_Angeles"];

function hourIn(timeZone: string): number {
  return Number(new Date().toLocaleTimeString("en-GB", { timeZone, hour: "2-digit", hourCycle: "h23" }));
}

describeInBrowser("The close of the day in the browser", () => {
  let browser: BrowserDesk;
  let desk: Desk;

  before(async function () {
    this.timeout(120_000);
    browser = await startBrowserDesk();
  });
  beforeEach(async () => {
    desk = await openDesk(browser.platform, { rooms: 4 });
  });
  after(() => browser?.close());

  const book = async (name: string, room: number, nights = 1): Promise<string> =>
    (await desk.booked(0, nights, { guest: { name }, room_id: desk.roomIds[room] })).booking_id;
  const statusOf = async (id: string) => (await desk.get(`/bookings/${id}`)).body.status;
  const businessDate = async () => (await desk.get("/auth/me")).body.hotel.business_date;

  it("Closes a day by two clicks, and the next one by three keys", async () => {
    await book("Chloe Missing", 0);
    const { page, faults, context } = await browser.logIn(desk.username);
    await page.getByText("It is already").waitFor();
    const hand = handOf(page);
    await hand.click(page.getByRole("banner").getByRole("button", { name: /Close the day/ }));
    await page.getByText("Becomes a no-show and pays €100.00").waitFor();
    await page.getByText("A closed day can’t be opened again.").waitFor();
    await hand.click(page.getByRole("button", { name: /^Close \d/ }));
    await page.getByRole("heading", { name: /is closed/ }).waitFor();
    expect(hand.count()).to.deep.equal({ clicks: 2, keys: 0 });
    expect(await businessDate()).to.equal(desk.day(1));
    await page.getByRole("button", { name: /^Start/ }).click();
    await page.getByRole("heading", { name: "Today" }).waitFor();
    await hand.press("Control+k");
    await page.locator("dialog input:focus").waitFor();
    await hand.type("clo");
    await page.getByRole("option", { name: "Close the day" }).waitFor();
    await hand.press("Enter");
    await page.locator("button:focus", { hasText: /^Close \d/ }).waitFor();
    await hand.press("Enter");
    await page.getByRole("heading", { name: /is closed/ }).waitFor();
    expect(hand.count()).to.deep.equal({ clicks: 0, keys: 3 });
    expect(await businessDate()).to.equal(desk.day(2));
    expect(faults).to.deep.equal([]);
    await context.close();
  });

  it("Remedies each guest who has not arrived or left by one press, and shows the figures of the day", async () => {
    const due = await book("Ada Lovelace", 0);
    await desk.operate("check-in", due, { accept_dirty_room: true });
    await desk.closeDay();
    const arrival = async (name: string, room: number): Promise<string> =>
      (await desk.booked(1, 3, { guest: { name }, room_id: desk.roomIds[room] })).booking_id;
    const [here, missing] = [await arrival("Ben Bitdiddle", 1), await arrival("Cy Fect", 2)];
    const { page, faults, context } = await browser.logIn(desk.username);
    await page.getByRole("main").getByRole("button", { name: "Close the day" }).click();
    const row = (name: string) => page.getByRole("listitem").filter({ hasText: name });
    await row("Ada").getByText("Gets the night for €100.00").waitFor();
    await row("Ada")
      .getByRole("button", { name: /^Check out/ })
      .click();
    await page.getByText("All guests due out have left.").waitFor();
    await page.keyboard.press("z");
    await row("Ada").getByText("Gets the night for €100.00").waitFor();
    expect(await statusOf(due)).to.equal("in_house");
    await row("Cy")
      .getByRole("button", { name: /^No-show/ })
      .click();
    await row("Cy").waitFor({ state: "detached" });
    expect(await statusOf(missing)).to.equal("no_show");
    await row("Ben")
      .getByRole("button", { name: /^Check in/ })
      .click();
    await page.getByText("All guests have arrived.").waitFor();
    expect(await statusOf(here)).to.equal("in_house");
    await page.getByRole("button", { name: /^Close \d/ }).click();
    await page.getByRole("heading", { name: /is closed/ }).waitFor();
    const figures = await page.locator("dl").first().locator("dd").allTextContents();
    // Ada's night and Ben's night, in four rooms.
    expect(figures).to.deep.equal(["50%", "€100.00", "€50.00", "€200.00"]);
    expect(faults).to.deep.equal([]);
    await context.close();
  });

  it("Says that another desk has closed the day, before and after the press", async () => {
    const { page, faults, context } = await browser.logIn(desk.username);
    await page.goto("/app/close-day");
    const button = page.getByRole("button", { name: /^Close \d/ });
    await button.waitFor();
    const close = (day: string) =>
      browser.platform.client.post("/operations/close-day", { business_date: day }, { token: desk.receptionistToken });
    await close(desk.day(0));
    await page.getByText(/was closed meanwhile\. The business date is now/).waitFor();
    // The press meets a day that the receptionist has just closed.
    await page.route("**/operations/close-day", async (route) => {
      if (route.request().method() === "POST") await close(desk.day(1));
      await route.continue();
    });
    await button.click();
    await page.getByText(/^desk-.* had already closed the day .* Your press changed nothing\.$/).waitFor();
    expect(await businessDate()).to.equal(desk.day(2));
    expect(faults).to.deep.equal([]);
    await context.close();
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`Warns of an early close, and has no accessibility fault, ${colorScheme}`, async () => {
      const { client } = browser.platform;
      const zone = zones.find((one) => hourIn(one) >= 1 && hourIn(one) < 17) ?? "Europe/Berlin";
      const hotel = await furnishHotel(client, { rooms: 2, settings: { time_zone: zone } });
      const body = {
        room_id: hotel.roomIds[0],
        guest: { name: "Ada Lovelace" },
        check_in_at: hotel.day(0),
        expected_check_out_at: hotel.day(1),
      };
      await client.post("/bookings/", body, { token: hotel.managerToken });
      const { page, faults, context } = await browser.logIn(hotel.username, { colorScheme });
      await page.goto("/app/close-day");
      const button = page.getByRole("button", { name: /^Close \d.* early$/ });
      await button.waitFor();
      expect(await accessibilityFaults(page), "checklist").to.deep.equal([]);
      await button.click();
      await page.getByRole("heading", { name: /is closed/ }).waitFor();
      expect(await accessibilityFaults(page), "figures").to.deep.equal([]);
      expect(faults).to.deep.equal([]);
      await context.close();
    });
  }
});
