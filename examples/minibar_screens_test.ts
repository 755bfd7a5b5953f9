/** Adds the minibar's screens to the front desk by its folder alone, and removes them with it. */
import { expect } from "chai";
import path from "node:path";
import type { Page } from "playwright-core";

import { furnishHotel, type FurnishedHotel } from "../plugins/pms/testing/hotel.ts";
import { accessibilityFaults } from "../web/testing/axe.ts";
import { describeInBrowser, waitUntilLoaded } from "../web/testing/browser.ts";
import { type BrowserDesk, startBrowserDesk } from "../web/testing/desk.ts";

const minibar = path.join(import.meta.dirname, "plugins", "minibar");
const command = "Charge the minibar";

/** Types a text into the palette, and returns the texts of what it finds. */
async function findInPalette(page: Page, text: string): Promise<string[]> {
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill(text);
  await page.getByRole("option").or(page.getByText("Nothing found.")).first().waitFor();
  const options = await page.getByRole("option").allInnerTexts();
  await page.keyboard.press("Escape");
  await page.getByRole("combobox").waitFor({ state: "detached" });
  return options;
}

describeInBrowser("The screens of a plugin that is dropped in by PLUGIN_PATH", () => {
  const longestMs = 60_000;
  let desk: BrowserDesk;
  let hotel: FurnishedHotel;
  let bookingId: string;
  const charged = async () => {
    const { body } = await desk.platform.client.get(`/minibar/charges?booking_id=${bookingId}`, {
      token: hotel.managerToken,
    });
    return (body.items as { item: string; quantity: number; amount: string }[]).map(
      ({ item, quantity, amount }) => `${quantity} ${item} ${amount}`,
    );
  };
  before(async function () {
    this.timeout(120_000);
    desk = await startBrowserDesk({ worker: true, variables: { PLUGIN_PATH: minibar } });
    const { client } = desk.platform;
    hotel = await furnishHotel(client);
    const token = hotel.managerToken;
    const body = {
      room_id: hotel.roomIds[0],
      guest: { name: "Ada Lovelace" },
      check_in_at: hotel.day(0),
      expected_check_out_at: hotel.day(2),
    };
    bookingId = (await client.post("/bookings/", body, { token })).body.booking_id as string;
    const checkedIn = await client.patch(`/operations/check-in/${bookingId}`, {}, { token });
    if (checkedIn.status !== 200) throw new Error(checkedIn.text);
  });
  after(() => desk?.close());

  it("The key b opens its page, a charge appears in the list to refill, and z takes it back", async function () {
    this.timeout(longestMs);
    const { page, faults, context } = await desk.logIn(hotel.username);
    await waitUntilLoaded(page);
    await page.getByRole("navigation").getByRole("link", { name: "Minibar" }).waitFor();
    expect(await findInPalette(page, command)).to.have.length(1);
    await page.keyboard.press("b");
    await page.getByRole("heading", { name: "Minibar", level: 1 }).waitFor();
    await page.getByText("Nothing was taken today.").waitFor();
    await page.getByLabel("Item").fill("Cola");
    await page.getByLabel("Number").fill("2");
    await page.getByLabel("Price").fill("3,50");
    await page.keyboard.press("Enter");
    await page.getByText("Cola is charged").waitFor();
    expect(await charged()).to.deep.equal(["2 Cola 7.00"]);
    // The worker's job announces the list, and the page reads it again.
    await page.getByText("2 × Cola").waitFor();
    expect(await accessibilityFaults(page)).to.deep.equal([]);
    await page.getByLabel("Item").blur();
    await page.keyboard.press("z");
    await page.getByText("Nothing was taken today.").waitFor();
    expect(await charged()).to.deep.equal([]);
    expect(faults).to.deep.equal([]);
    await context.close();
  });

  it("Its panel in the booking charges an item, and the close of the day lists it", async function () {
    this.timeout(longestMs);
    const { page, faults, context } = await desk.logIn(hotel.username, { colorScheme: "dark" });
    await page.goto(`/app/today?booking=${bookingId}`);
    const panel = page.getByRole("region", { name: "Minibar" });
    await panel.getByLabel("Item").fill("Water");
    await panel.getByLabel("Price").fill("2.505");
    await panel.getByRole("button", { name: "Charge" }).click();
    await panel.getByText("has more decimals than EUR").waitFor();
    // The refusal is an answer of 400, which the browser logs.
    faults.length = 0;
    await panel.getByLabel("Price").fill("2.50");
    await panel.getByRole("button", { name: "Charge" }).click();
    await panel.getByText("1 × Water").waitFor();
    expect(await charged()).to.deep.equal(["1 Water 2.50"]);
    expect(await accessibilityFaults(page)).to.deep.equal([]);
    await page.goto("/app/close-day");
    await page.getByRole("region", { name: "Minibars to refill" }).getByText("1 × Water").waitFor();
    await page.goto(`/app/today?booking=${bookingId}`);
    await panel.getByRole("button", { name: "Take back Water" }).click();
    await panel.getByText("1 × Water").waitFor({ state: "detached" });
    expect(await charged()).to.deep.equal([]);
    expect(faults).to.deep.equal([]);
    await context.close();
  });

  it("Without its folder all of it is gone, and a bookmark says so", async function () {
    this.timeout(longestMs);
    const without = await startBrowserDesk({
      databaseUrl: desk.platform.databaseUrl,
      variables: { LOG_LEVEL: "silent" },
    });
    try {
      const { page, faults, context } = await without.logIn(hotel.username);
      await waitUntilLoaded(page);
      expect(await page.getByRole("link", { name: "Minibar" }).count()).to.equal(0);
      expect(await findInPalette(page, command)).to.deep.equal([]);
      await page.keyboard.press("b");
      await page.goto(`/app/today?booking=${bookingId}`);
      await page.getByRole("dialog").getByRole("tab", { name: "Stay" }).waitFor();
      await waitUntilLoaded(page);
      expect(await page.getByRole("region", { name: "Minibar" }).count()).to.equal(0);
      await page.goto("/app/close-day");
      await page.getByRole("heading", { level: 1 }).waitFor();
      await waitUntilLoaded(page);
      expect(await page.getByRole("region", { name: "Minibars to refill" }).count()).to.equal(0);
      await page.goto("/app/minibar");
      await page.getByRole("heading", { name: "This page does not exist" }).waitFor();
      await page.getByText("Its part of Keyrack may have been removed.").waitFor();
      expect(faults).to.deep.equal([]);
      await context.close();
    } finally {
      await without.close();
    }
  });
});
