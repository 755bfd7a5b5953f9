import { expect } from "chai";

import { accessibilityFaults } from "../../../../web/testing/axe.ts";
import { describeInBrowser, waitUntilLoaded } from "../../../../web/testing/browser.ts";
import { type BrowserDesk, startBrowserDesk } from "../../../../web/testing/desk.ts";
import { handOf } from "../../../../web/testing/hand.ts";
import { furnishHotel, type FurnishedHotel } from "../../testing/hotel.ts";

describeInBrowser("Housekeeping in the browser", () => {
  let desk: BrowserDesk;
  let hotel: FurnishedHotel;
  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true };

  before(async function () {
    this.timeout(120_000);
    desk = await startBrowserDesk();
  });
  after(() => desk?.close());
  beforeEach(async () => {
    hotel = await furnishHotel(desk.platform.client, { rooms: 4 });
    const token = hotel.managerToken;
    const [first, second] = hotel.roomIds;
    await desk.platform.client.patch("/housekeeping", { room_ids: [first, second], housekeeping: "dirty" }, { token });
    for (const [at, room] of hotel.roomIds.entries())
      await desk.platform.client.patch(`/rooms/${room}`, { floor: at < 2 ? "1" : "Annex" }, { token });
    const stay = { check_in_at: hotel.day(0), expected_check_out_at: hotel.day(2) };
    const body = { room_id: second, guest: { name: "Ada Lovelace" }, ...stay };
    const booked = await desk.platform.client.post("/bookings/", body, { token });
    if (booked.status !== 201) throw new Error(booked.text);
  });

  const states = async () => {
    const { body } = await desk.platform.client.get("/housekeeping", { token: hotel.managerToken });
    return body.rooms.map(({ housekeeping }: { housekeeping: string }) => housekeeping) as string[];
  };

  it("A housekeeper cleans a room by one tap on a phone and takes it back, and another desk shows it", async () => {
    const other = await desk.logIn(hotel.username);
    await other.page.goto("/app/housekeeping");
    await other.page.getByText("2 rooms to clean").waitFor();
    const username = `maid-${hotel.username}`;
    const user = { username, password: "correct-horse-battery", role: "housekeeper", must_change_password: false };
    await desk.platform.client.post("/users/", user, { token: hotel.managerToken });
    const { page, faults, context } = await desk.logIn(username, phone);
    await page.getByText("2 rooms to clean · 1 before an arrival").waitFor();
    const hand = handOf(page);
    await hand.click(page.getByRole("button", { name: "102 Dirty Set to Clean" }));
    await page.getByText("Room 102 is clean.").waitFor();
    expect(hand.count()).to.deep.equal({ clicks: 1, keys: 0 });
    expect(await states()).to.deep.equal(["dirty", "clean", "clean", "clean"]);
    await other.page.getByRole("button", { name: "102 Clean Set to Inspected" }).waitFor();
    await other.page.getByText("1 room to clean").waitFor();
    await hand.click(page.getByRole("button", { name: "Undo" }));
    await page.getByText("Undone: Room 102 is clean.").waitFor();
    expect(await states()).to.deep.equal(["dirty", "dirty", "clean", "clean"]);
    await page.getByRole("button", { name: "Another state for 103" }).click();
    await page.getByRole("button", { name: "Inspected", exact: true }).click();
    await page.getByText("Room 103 is inspected.").waitFor();
    expect(await states()).to.deep.equal(["dirty", "dirty", "inspected", "clean"]);
    const small = await page.locator("main ul button, main h1 ~ * button").evaluateAll((buttons) =>
      buttons
        .map((button) => button.getBoundingClientRect())
        .filter(({ width, height }) => width < 48 || height < 48)
        .map(({ width, height }) => [width, height]),
    );
    expect(small, "targets smaller than 48 px").to.deep.equal([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).to.equal(390);
    const links = await page.getByRole("navigation").getByRole("link").allInnerTexts();
    expect(links, "the pages of a housekeeper").to.deep.equal(["Housekeeping", "Settings"]);
    expect([...faults, ...other.faults]).to.deep.equal([]);
    await context.close();
    await other.context.close();
  });

  it("Cleans by c, puts arrivals first, and sets many rooms at once with one way back", async () => {
    const { page, faults, context } = await desk.logIn(hotel.username);
    await page.getByText("Ada Lovelace").waitFor();
    await waitUntilLoaded(page);
    await page.keyboard.press("g");
    await page.keyboard.press("h");
    await page.getByRole("region", { name: "Floor Annex" }).getByText("103").waitFor();
    await page.getByRole("button", { name: "Arrivals first" }).click();
    await page.getByRole("region", { name: "Clean before an arrival" }).getByText("102").waitFor();
    const hand = handOf(page);
    await hand.press("c");
    await page.getByText("Room 102 is clean.").waitFor();
    expect(hand.count()).to.deep.equal({ clicks: 0, keys: 1 });
    expect(await states()).to.deep.equal(["dirty", "clean", "clean", "clean"]);
    await page.getByText("1 room to clean").waitFor();
    await page.getByRole("button", { name: "More", exact: true }).click();
    await page.getByRole("button", { name: "Set all clean rooms to inspected" }).click();
    await page.getByText("3 rooms are inspected.").waitFor();
    expect(await states()).to.deep.equal(["dirty", "inspected", "inspected", "inspected"]);
    await hand.press("z");
    await page.getByText("Undone: 3 rooms are inspected.").waitFor();
    expect(await states()).to.deep.equal(["dirty", "clean", "clean", "clean"]);
    await page.getByRole("button", { name: "To clean only" }).click();
    await hand.press("c");
    await page.getByText("No room is left to clean.").waitFor();
    expect(faults).to.deep.equal([]);
    await context.close();
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`Has no accessibility fault, ${colorScheme}`, async () => {
      await desk.platform.client.patch(
        `/rooms/${hotel.roomIds[3]}`,
        { status: "out_of_order" },
        { token: hotel.managerToken },
      );
      const { page, faults, context } = await desk.logIn(hotel.username, { ...phone, colorScheme });
      await page.goto("/app/housekeeping?order=arrivals");
      await page.getByText("Out of order").waitFor();
      await waitUntilLoaded(page);
      expect(await accessibilityFaults(page)).to.deep.equal([]);
      expect(faults).to.deep.equal([]);
      await context.close();
    });
  }
});
