import { expect } from "chai";
import type { Locator, Page, Route } from "playwright-core";

import { accessibilityFaults } from "../../../../web/testing/axe.ts";
import { describeInBrowser } from "../../../../web/testing/browser.ts";
import { type BrowserDesk, startBrowserDesk } from "../../../../web/testing/desk.ts";
import { handOf } from "../../../../web/testing/hand.ts";
import { furnishHotel, type FurnishedHotel } from "../../testing/hotel.ts";
import { fillHotel } from "../../testing/full_hotel.ts";

describeInBrowser("The tape chart in the browser", () => {
  let desk: BrowserDesk;
  let hotel: FurnishedHotel;
  const token = () => ({ token: hotel.managerToken });
  const book = async (room: number, name: string, from: number, to: number, more = {}): Promise<string> => {
    const body = {
      room_id: hotel.roomIds[room],
      guest: { name },
      check_in_at: hotel.day(from),
      expected_check_out_at: hotel.day(to),
      ...more,
    };
    const booked = await desk.platform.client.post("/bookings/", body, token());
    if (booked.status !== 201) throw new Error(booked.text);
    return booked.body.booking_id as string;
  };
  const read = async (id: string) => (await desk.platform.client.get(`/bookings/${id}`, token())).body;
  const roomOf = async (id: string): Promise<string> => (await read(id)).room_number as string;
  const bar = (page: Page, name: string): Locator => page.getByRole("gridcell", { name: new RegExp(`^${name}`) });
  /** Opens the chart. Any fault in the tab fails the test at its end. */
  const atChart = async (work: (page: Page, faults: string[]) => Promise<void>, options = {}): Promise<void> => {
    const { page, faults, context } = await desk.logIn(hotel.username, options);
    await page.getByRole("link", { name: "Chart" }).click();
    await page.getByRole("heading", { name: "Chart" }).waitFor();
    await work(page, faults);
    expect(faults).to.deep.equal([]);
    await context.close();
  };

  before(async function () {
    this.timeout(120_000);
    desk = await startBrowserDesk();
  });
  beforeEach(async () => {
    hotel = await furnishHotel(desk.platform.client, { rooms: 4 });
  });
  after(() => desk?.close());

  it("Moves a guest in house by two clicks, takes it back by one key, and opens the booking", async () => {
    const id = await book(0, "Ada Lovelace", 0, 3);
    await desk.platform.client.patch(`/operations/check-in/${id}`, { accept_dirty_room: true }, token());
    await atChart(async (page) => {
      await bar(page, "Ada Lovelace").waitFor();
      const hand = handOf(page);
      await hand.click(bar(page, "Ada Lovelace, room 101"));
      await hand.click(page.getByRole("button", { name: "Move to 103" }));
      await page.getByText("Ada Lovelace moves to room 103.").waitFor();
      expect(hand.count()).to.deep.equal({ clicks: 2, keys: 0 });
      expect(await roomOf(id)).to.equal("103");
      await bar(page, "Ada Lovelace, room 103").waitFor();
      await hand.press("z");
      await page.getByText("Undone:").waitFor();
      expect(hand.count()).to.deep.equal({ clicks: 0, keys: 1 });
      expect(await roomOf(id)).to.equal("101");
      await bar(page, "Ada Lovelace, room 101").dblclick();
      await page.getByRole("dialog").getByText("Ada Lovelace").first().waitFor();
      expect(new URL(page.url()).searchParams.get("booking")).to.equal(id);
    });
  });

  it("Moves a stay, adds a night and begins a booking by keys alone", async () => {
    const id = await book(0, "Ada Lovelace", 0, 3);
    await atChart(async (page) => {
      await bar(page, "Ada Lovelace").waitFor();
      for (const key of ["g", "t"]) await page.keyboard.press(key);
      await page.getByRole("heading", { name: "Chart" }).waitFor({ state: "detached" });
      for (const key of ["g", "c"]) await page.keyboard.press(key);
      await bar(page, "Ada Lovelace").waitFor();
      await bar(page, "Ada Lovelace").focus();
      const hand = handOf(page);
      for (const key of ["m", "ArrowDown", "Escape"]) await page.keyboard.press(key);
      expect(await roomOf(id)).to.equal("101");
      hand.count();
      for (const key of ["m", "ArrowDown", "Enter"]) await hand.press(key);
      await page.getByText("Ada Lovelace moves to room 102.").waitFor();
      expect(hand.count()).to.deep.equal({ clicks: 0, keys: 3 });
      expect(await roomOf(id)).to.equal("102");
      await hand.press("e");
      await page.getByText("Ada Lovelace now leaves on").waitFor();
      expect(hand.count().keys).to.equal(1);
      expect((await read(id)).departure).to.equal(hotel.day(4));
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Shift+ArrowRight");
      await page.keyboard.press("Enter");
      const drawer = page.getByRole("dialog");
      await drawer.getByText("Books room 103.").waitFor();
      await drawer.getByText(/, 2 nights$/).waitFor();
      await page.keyboard.type("Grace Hopper");
      await page.keyboard.press("Enter");
      await bar(page, "Grace Hopper, room 103").waitFor();
    });
  });

  it("Drags a stay onto a free room, onto another stay, and its end to another day", async () => {
    const ada = await book(0, "Ada Lovelace", 1, 3);
    const grace = await book(1, "Grace Hopper", 1, 3);
    await atChart(async (page) => {
      await bar(page, "Ada Lovelace").dragTo(page.getByRole("rowheader", { name: "103" }));
      await page.getByText("Ada Lovelace moves to room 103.").waitFor();
      expect(await roomOf(ada)).to.equal("103");
      await bar(page, "Ada Lovelace, room 103").dragTo(bar(page, "Grace Hopper"));
      await page.getByText(/^Room 102 is taken by Grace Hopper/).waitFor();
      await page.getByRole("button", { name: "Swap with Grace Hopper" }).click();
      await page.getByText("Ada Lovelace and Grace Hopper swapped rooms.").waitFor();
      expect([await roomOf(ada), await roomOf(grace)]).to.deep.equal(["102", "103"]);
      const end = bar(page, "Ada Lovelace, room 102").locator("[data-edge]");
      const columns = page.getByRole("columnheader");
      const [box, head] = [await end.boundingBox(), await columns.nth(6).boundingBox()];
      if (box === null || head === null) throw new Error("The end of the stay is not drawn.");
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      await page.mouse.down();
      await page.mouse.move(head.x + head.width / 2, box.y + box.height / 2, { steps: 4 });
      await page.mouse.up();
      await page.getByText("Ada Lovelace now leaves on").waitFor();
      expect((await read(ada)).departure).to.equal(hotel.day(4));
    });
  });

  it("Unlocks a promised room before a move, and offers free rooms if another desk was faster", async () => {
    const ada = await book(0, "Ada Lovelace", 1, 3, { room_locked: true });
    await atChart(async (page, faults) => {
      await bar(page, "Ada Lovelace").click();
      await page.getByRole("button", { name: "Move to 102" }).click();
      await page.getByRole("button", { name: "Unlock and move" }).click();
      await page.getByText("Ada Lovelace moves to room 102.").waitFor();
      expect(await read(ada)).to.include({ room_number: "102", room_locked: false });
      await bar(page, "Ada Lovelace, room 102").click();
      // The other desk books the room between the click and the answer, so this desk's chart can't know it.
      const beforeMove = async (route: Route): Promise<void> => {
        await book(2, "Grace Hopper", 1, 3);
        await route.continue();
      };
      await page.route(/\/operations\/move\//, beforeMove, { times: 1 });
      await page.getByRole("button", { name: "Move to 103" }).click();
      await page.getByRole("alert").getByRole("button", { name: "Move to 104" }).click();
      await page.getByText("Ada Lovelace moves to room 104.").waitFor();
      expect(faults.splice(0)).to.deep.equal([
        "console: Failed to load resource: the server responded with a status of 409 (Conflict)",
      ]);
      expect(await roomOf(ada)).to.equal("104");
    });
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`The chart and its list have no accessibility fault in ${colorScheme} colors`, async () => {
      await book(0, "Ada Lovelace", 0, 3);
      await book(1, "Grace Hopper", 2, 5);
      const days = { from: hotel.day(1), to: hotel.day(3), reason: "new carpet" };
      await desk.platform.client.post(`/rooms/${hotel.roomIds[2]}/closures`, days, token());
      await atChart(
        async (page) => {
          await bar(page, "Room 103 closed").waitFor();
          await bar(page, "Ada Lovelace").click();
          await page.getByRole("button", { name: "Open booking" }).waitFor();
          expect(await accessibilityFaults(page)).to.deep.equal([]);
          await page.keyboard.press("v");
          await page.getByRole("listitem").first().waitFor();
          expect(await accessibilityFaults(page)).to.deep.equal([]);
        },
        { colorScheme },
      );
    });
  }

  it("Draws 300 rooms and 60 days with fewer than 3,000 nodes, and reads more on scroll", async function () {
    this.timeout(120_000);
    const { hotelId, roomTypeId } = hotel;
    await fillHotel(desk.platform.owner, { hotelId, roomTypeId, from: hotel.day(0), rooms: 300, nights: 60 });
    await atChart(async (page) => {
      await page.getByRole("button", { name: "60 days" }).click();
      await page.getByRole("columnheader").nth(60).waitFor();
      await bar(page, "Ada Lovelace, room F00002").first().waitFor();
      const countNodes = () => page.evaluate(() => document.querySelectorAll("*").length);
      expect(await countNodes()).to.be.below(3_000);
      const asked: string[] = [];
      page.on("request", (request) => asked.push(request.url()));
      // A page of 60 days has 103 rooms: F00099 is the last one before the scroll.
      await page.getByRole("grid").evaluate((grid) => grid.scrollTo(0, 110 * 30));
      await bar(page, "Ada Lovelace, room F00101").first().waitFor();
      expect(asked.filter((address) => address.includes("/rooms/chart")).length).to.be.within(1, 2);
      expect(await countNodes()).to.be.below(3_000);
    });
  });
});
