import { expect } from "chai";

import { accessibilityFaults } from "../../../../web/testing/axe.ts";
import { describeInBrowser, waitUntilLoaded } from "../../../../web/testing/browser.ts";
import { type BrowserDesk, startBrowserDesk } from "../../../../web/testing/desk.ts";
import { furnishHotel, type FurnishedHotel } from "../../testing/hotel.ts";

describeInBrowser("The rates calendar in the browser", () => {
  let desk: BrowserDesk;
  let hotel: FurnishedHotel;

  before(async function () {
    this.timeout(120_000);
    desk = await startBrowserDesk();
    hotel = await furnishHotel(desk.platform.client, { rooms: 2 });
  });
  after(() => desk?.close());

  const readRates = async () => {
    const path = `/rates/?from=${hotel.day(0)}&to=${hotel.day(27)}`;
    const { body } = await desk.platform.client.get(path, { token: hotel.managerToken });
    return body.items.map(
      ({ date, rate, minimum_stay: stay }: { date: string; rate: string | null; minimum_stay: number | null }) => [
        date,
        rate,
        stay,
      ],
    );
  };

  it("A manager raises a range by keys, sees the new prices, saves them and takes them back", async () => {
    const { page, faults, context } = await desk.logIn(hotel.username);
    await page.goto("/app/rates");
    const first = page.getByRole("gridcell").first();
    await first.click();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("Shift+ArrowRight");
    await page.getByText(/· 3 days$/).waitFor();
    await page.keyboard.press("Enter");
    await page.keyboard.type("+10%");
    await page.getByRole("list", { name: "New prices" }).getByText("110.00").first().waitFor();
    expect(await readRates(), "before the save").to.deep.equal([]);
    await page.keyboard.press("Enter");
    await page.getByText("The rates of 3 days are saved.").waitFor();
    const raised = [1, 2, 3].map((days) => [hotel.day(days), "110.00", null]);
    expect(await readRates()).to.deep.equal(raised);
    await page.getByLabel("Minimum nights").fill("2");
    await page.keyboard.press("Enter");
    await page.getByText("2+").first().waitFor();
    expect(await readRates()).to.deep.equal(raised.map(([date, rate]) => [date, rate, 2]));
    await page.getByLabel("Price").fill("-200");
    await page.getByText("A price would be below zero.").waitFor();
    await page.getByLabel("Price").fill("");
    await first.focus();
    await page.keyboard.press("z");
    await page.getByText("Undone:").first().waitFor();
    expect(await readRates()).to.deep.equal(raised);
    await page.keyboard.press("z");
    await page.waitForFunction(() => document.querySelectorAll("[aria-selected=true]").length > 0);
    await page.getByRole("gridcell", { name: /110/ }).first().waitFor({ state: "detached" });
    expect(await readRates()).to.deep.equal([]);
    expect(faults).to.deep.equal([]);
    await context.close();
  });

  it("A receptionist reads the calendar and has no form", async () => {
    const { page, faults, context } = await desk.logIn(hotel.username.replace("manager", "desk"));
    await page.goto("/app/rates");
    await page.getByRole("gridcell").first().waitFor();
    await waitUntilLoaded(page);
    expect(await page.getByLabel("Price").count()).to.equal(0);
    expect(faults).to.deep.equal([]);
    await context.close();
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`The rates calendar has no accessibility fault, ${colorScheme}`, async () => {
      const { page, faults, context } = await desk.logIn(hotel.username, { colorScheme });
      await page.goto("/app/rates");
      await page.getByLabel("Price").fill("+5");
      await page.getByRole("list", { name: "New prices" }).waitFor();
      expect(await accessibilityFaults(page)).to.deep.equal([]);
      expect(faults).to.deep.equal([]);
      await context.close();
    });
  }
});
