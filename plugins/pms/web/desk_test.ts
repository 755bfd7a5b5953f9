import { expect } from "chai";

import { accessibilityFaults } from "../../../web/testing/axe.ts";
import { describeInBrowser } from "../../../web/testing/browser.ts";
import { type BrowserDesk, startBrowserDesk } from "../../../web/testing/desk.ts";
import { handOf } from "../../../web/testing/hand.ts";
import { furnishHotel, type FurnishedHotel } from "../testing/hotel.ts";

describeInBrowser("The desk in the browser", () => {
  let desk: BrowserDesk;
  let hotel: FurnishedHotel;

  before(async function () {
    this.timeout(120_000);
    desk = await startBrowserDesk();
  });
  after(() => desk?.close());
  beforeEach(async () => {
    hotel = await furnishHotel(desk.platform.client, { rooms: 4 });
  });

  async function book(name: string, room: number, nights = 2): Promise<string> {
    const body = {
      room_id: hotel.roomIds[room],
      guest: { name },
      check_in_at: hotel.day(0),
      expected_check_out_at: hotel.day(nights),
    };
    const answer = await desk.platform.client.post("/bookings/", body, { token: hotel.managerToken });
    if (answer.status !== 201) throw new Error(answer.text);
    return answer.body.booking_id as string;
  }

  const read = async (id: string) =>
    (await desk.platform.client.get(`/bookings/${id}`, { token: hotel.managerToken })).body;
  const list = async () => (await desk.platform.client.get("/bookings/", { token: hotel.managerToken })).body.items;

  it("Checks in and out by one click or one key each, and takes each back by one key", async () => {
    const [ada, ben] = [await book("Ada Lovelace", 0), await book("Ben Bitdiddle", 1)];
    const { page, faults, context } = await desk.logIn(hotel.username);
    const hand = handOf(page);
    const row = (name: string) => page.getByRole("listitem").filter({ hasText: name });
    await row("Ada").waitFor();
    await hand.click(row("Ada").getByRole("button", { name: "Check in" }));
    await page.getByText("Ada Lovelace is checked in to 101.").waitFor();
    expect(hand.count()).to.deep.equal({ clicks: 1, keys: 0 });
    expect((await read(ada)).status).to.equal("in_house");
    await page.locator("section", { hasText: "Arrivals" }).getByText("Ben Bitdiddle").waitFor();
    await hand.press("i");
    await page.getByText("Ben Bitdiddle is checked in to 102.").waitFor();
    expect(hand.count()).to.deep.equal({ clicks: 0, keys: 1 });
    await hand.press("z");
    await page.getByText("Undone: Ben Bitdiddle is checked in to 102.").waitFor();
    expect(hand.count().keys).to.equal(1);
    expect((await read(ben)).status).to.equal("confirmed");
    await row("Ada").getByText("Ada Lovelace").click();
    await page.getByRole("dialog").waitFor();
    hand.count();
    await hand.press("o");
    await page.getByText("Ada Lovelace has left 101.").waitFor();
    expect(hand.count()).to.deep.equal({ clicks: 0, keys: 1 });
    expect((await read(ada)).status).to.equal("checked_out");
    expect(faults).to.deep.equal([]);
    await context.close();
  });

  it("From a row of Today, checks out by one click, and adds a night and moves by the row's keys", async () => {
    const [ada, ben] = [await book("Ada Lovelace", 0), await book("Ben Bitdiddle", 1)];
    const options = { token: hotel.managerToken };
    await desk.platform.client.patch(`/operations/check-in/${ada}`, {}, options);
    const { page, faults, context } = await desk.logIn(hotel.username);
    const hand = handOf(page);
    await page.getByRole("button", { name: "Check in" }).waitFor();
    await hand.press("e");
    await page.getByText("Ben Bitdiddle stays one more night.").waitFor();
    expect(hand.count()).to.deep.equal({ clicks: 0, keys: 1 });
    expect((await read(ben)).departure).to.equal(hotel.day(3));
    await hand.press("m");
    await page.getByRole("button", { name: /^103 / }).waitFor();
    await hand.press("Enter");
    await page.getByText("Ben Bitdiddle moves to").waitFor();
    expect(hand.count()).to.deep.equal({ clicks: 0, keys: 2 });
    expect((await read(ben)).room_number).not.to.equal("102");
    // A guest who leaves before the departure day is found under In house.
    await desk.platform.client.patch(`/bookings/${ada}`, { expected_check_out_at: hotel.day(1) }, options);
    await desk.platform.client.post("/operations/close-day", { business_date: hotel.day(0), early: true }, options);
    await page.reload();
    const row = page.getByRole("listitem").filter({ hasText: "Ada" });
    await hand.click(row.getByRole("button", { name: "Check out" }));
    await page.getByText("Ada Lovelace has left 101.").waitFor();
    expect(hand.count()).to.deep.equal({ clicks: 1, keys: 0 });
    expect((await read(ada)).status).to.equal("checked_out");
    expect(faults).to.deep.equal([]);
    await context.close();
  });

  it("Books a walk-in into the house by w, the name and Enter", async () => {
    const { page, faults, context } = await desk.logIn(hotel.username);
    const hand = handOf(page);
    await page.getByText("No one else arrives today.").waitFor();
    await hand.press("w");
    await page.getByRole("radio", { name: /Double/ }).waitFor();
    await hand.type("Grace Hopper");
    await hand.press("Enter");
    await page.getByText("Grace Hopper is checked in to 101.").waitFor();
    expect(hand.count()).to.deep.equal({ clicks: 0, keys: 2 });
    expect((await list()).map((one: { status: string }) => one.status)).to.deep.equal(["in_house"]);
    await hand.press("z");
    await page.getByText("Undone:").waitFor();
    expect((await list())[0].status).to.equal("canceled");
    expect(faults).to.deep.equal([]);
    await context.close();
  });

  it("Gives one more night and another room from the drawer", async () => {
    const ada = await book("Ada Lovelace", 0);
    const { page, faults, context } = await desk.logIn(hotel.username);
    const hand = handOf(page);
    await page.goto(`/app/today?booking=${ada}`);
    await page.getByRole("dialog").getByText("Ada Lovelace").waitFor();
    await hand.click(page.getByRole("button", { name: "One more night" }));
    await page.getByText("Ada Lovelace stays one more night.").waitFor();
    expect((await read(ada)).departure).to.equal(hotel.day(3));
    await page.getByText("3 nights").waitFor();
    await hand.press("m");
    await page.getByRole("heading", { name: "Another room for Ada Lovelace" }).waitFor();
    await page.getByRole("button", { name: /^102 / }).waitFor();
    await hand.press("Enter");
    await page.getByText("Ada Lovelace moves to 102.").waitFor();
    expect((await read(ada)).room_number).to.equal("102");
    expect(hand.count()).to.deep.equal({ clicks: 1, keys: 2 });
    expect(faults).to.deep.equal([]);
    await context.close();
  });

  it("Shows another desk's change without a press, and finds a guest by the palette", async () => {
    const ada = await book("Ada Lovelace", 0);
    const one = await desk.logIn(hotel.username);
    const other = await desk.logIn(hotel.username.replace("manager", "desk"));
    await one.page.getByRole("button", { name: "Check in" }).waitFor();
    await other.page.getByRole("button", { name: "Check in" }).waitFor();
    await other.page.getByRole("button", { name: "Check in" }).click();
    await one.page.locator("section", { hasText: "In house" }).getByText("Ada Lovelace").waitFor();
    const hand = handOf(one.page);
    await hand.press("/");
    await hand.type("lovel");
    await one.page.getByRole("option", { name: /Ada Lovelace/ }).waitFor();
    await hand.press("Enter");
    await one.page.getByRole("dialog").getByText("In house").waitFor();
    expect(hand.count()).to.deep.equal({ clicks: 0, keys: 2 });
    expect(one.page.url()).to.include(ada);
    expect([...one.faults, ...other.faults]).to.deep.equal([]);
    await one.context.close();
    await other.context.close();
  });

  it("Says why a room can't be given, and goes on with one press", async () => {
    const ada = await book("Ada Lovelace", 0);
    await desk.platform.client.patch("/policies", { dirty_room_check_in: "warn" }, { token: hotel.managerToken });
    const room = `/rooms/${hotel.roomIds[0]}/housekeeping`;
    await desk.platform.client.patch(room, { housekeeping: "dirty" }, { token: hotel.managerToken });
    const { page, context } = await desk.logIn(hotel.username);
    await page.getByText("Not clean yet").waitFor();
    await page.getByRole("button", { name: "Check in" }).click();
    await page
      .getByRole("alert")
      .getByText(/not been cleaned/)
      .waitFor();
    await page.getByRole("button", { name: "Check in anyway" }).click();
    await page.getByText("Ada Lovelace is checked in to 101.").waitFor();
    expect((await read(ada)).status).to.equal("in_house");
    await context.close();
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`Has no accessibility fault on Today, in the drawer and in a new booking, ${colorScheme}`, async () => {
      await book("Ada Lovelace", 0);
      const { page, faults, context } = await desk.logIn(hotel.username, { colorScheme });
      await page.getByRole("button", { name: "Check in" }).waitFor();
      expect(await accessibilityFaults(page), "today").to.deep.equal([]);
      await page.keyboard.press("Enter");
      await page.getByRole("dialog").getByText("Total").waitFor();
      for (const tab of ["Stay", "Guest", "Notes", "History"]) {
        await page.getByRole("tab", { name: tab }).click();
        expect(await accessibilityFaults(page), tab).to.deep.equal([]);
      }
      await page.getByRole("button", { name: "Close", exact: true }).click();
      await page.keyboard.press("n");
      await page.getByRole("radio", { name: /Double/ }).waitFor();
      expect(await accessibilityFaults(page), "new booking").to.deep.equal([]);
      expect(faults).to.deep.equal([]);
      await context.close();
    });
  }
});
