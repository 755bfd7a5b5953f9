import { expect } from "chai";

import { furnishHotel, type FurnishedHotel } from "../plugins/pms/testing/hotel.ts";
import { accessibilityFaults } from "./testing/axe.ts";
import { describeInBrowser } from "./testing/browser.ts";
import { type BrowserDesk, startBrowserDesk } from "./testing/desk.ts";

describeInBrowser("The browser app", () => {
  let desk: BrowserDesk;
  let hotel: FurnishedHotel;
  before(async function () {
    this.timeout(120_000);
    desk = await startBrowserDesk();
    hotel = await furnishHotel(desk.platform.client, { rooms: 2 });
    const body = {
      room_id: hotel.roomIds[0],
      guest: { name: "Ada Lovelace" },
      check_in_at: hotel.day(0),
      expected_check_out_at: hotel.day(2),
    };
    const booked = await desk.platform.client.post("/bookings/", body, { token: hotel.managerToken });
    if (booked.status !== 201) throw new Error(booked.text);
  });
  after(() => desk?.close());

  it("Asks for a login, and opens the first page after it", async () => {
    const { page, faults, context } = await desk.logIn(hotel.username);
    await page.getByRole("heading", { name: "Today" }).waitFor();
    expect(page.url()).to.match(/\/app\/today$/);
    expect(faults).to.deep.equal([]);
    const [cookie] = (await context.cookies()).filter(({ name }) => name.includes("keyrack"));
    expect(cookie).to.include({ httpOnly: true, sameSite: "Strict" });
    expect(await page.evaluate("document.cookie")).to.equal("");
    await context.close();
  });

  it("Checks a guest in by one press, and takes it back by one key", async () => {
    const { page, faults, context } = await desk.logIn(hotel.username);
    const list = async () =>
      (await desk.platform.client.get("/bookings/", { token: hotel.managerToken })).body.items[0].status as string;
    await page.getByRole("button", { name: "Check in" }).click();
    await page.getByText("Ada Lovelace is checked in").waitFor();
    expect(await list()).to.equal("in_house");
    await page.keyboard.press("z");
    await page.getByText("Undone").waitFor();
    expect(await list()).to.equal("confirmed");
    expect(faults).to.deep.equal([]);
    await context.close();
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`Has no accessibility fault in its frame, ${colorScheme}`, async () => {
      const { page, context } = await desk.logIn(hotel.username, { colorScheme });
      await page.getByRole("button", { name: "Check in" }).waitFor();
      expect(await accessibilityFaults(page)).to.deep.equal([]);
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox").waitFor();
      expect(await accessibilityFaults(page)).to.deep.equal([]);
      await context.close();
    });
  }

  it("Answers 404 for a file of another build, and shows a page for an unknown address", async () => {
    expect((await desk.platform.client.get("/app/a/none.js")).status).to.equal(404);
    const { page, context } = await desk.logIn(hotel.username);
    await page.goto("/app/nowhere");
    await page.getByRole("heading", { name: "This page does not exist" }).waitFor();
    await context.close();
  });
});
