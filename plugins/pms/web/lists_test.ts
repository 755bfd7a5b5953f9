import { expect } from "chai";

import { accessibilityFaults } from "../../../web/testing/axe.ts";
import { describeInBrowser, waitUntilLoaded } from "../../../web/testing/browser.ts";
import { type BrowserDesk, startBrowserDesk } from "../../../web/testing/desk.ts";
import { furnishHotel, type FurnishedHotel } from "../testing/hotel.ts";

describeInBrowser("The lists of the desk in the browser", () => {
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

  const call = async (method: "post" | "patch", path: string, body: Record<string, unknown>) => {
    const answer = await desk.platform.client[method](path, body, { token: hotel.managerToken });
    if (answer.status >= 400) throw new Error(answer.text);
    return answer.body;
  };
  const read = async (path: string) => (await desk.platform.client.get(path, { token: hotel.managerToken })).body;

  async function book(name: string, room: number, from = 0, contact = {}): Promise<string> {
    const body = {
      room_id: hotel.roomIds[room],
      guest: { name, ...contact },
      check_in_at: hotel.day(from),
      expected_check_out_at: hotel.day(from + 2),
    };
    return (await call("post", "/bookings/", body)).booking_id as string;
  }

  it("Lists bookings by state, day and text, keeps the filters in the address, and acts on rows by keys", async () => {
    const ada = await book("Ada Lovelace", 0);
    const grace = await book("Grace Hopper", 1, 5);
    const gone = await book("Ben Bitdiddle", 2, 3);
    await call("patch", `/operations/cancel/${gone}`, {});
    const { page, faults, context } = await desk.logIn(hotel.username);
    const rows = async () => (await page.locator("tbody tr th").allTextContents()).map((text) => text.trim());
    await page.getByRole("link", { name: "Bookings" }).click();
    await page.getByRole("row", { name: /Grace Hopper/ }).waitFor();
    expect(await rows()).to.deep.equal(["Ada Lovelace", "Grace Hopper"]);
    await page.keyboard.press("i");
    await page.getByText("Ada Lovelace is checked in to 101.").waitFor();
    expect((await read(`/bookings/${ada}`)).status).to.equal("in_house");
    // Ada has left the list of expected guests, so Grace's row is the first one.
    await page.getByRole("row", { name: /Ada Lovelace/ }).waitFor({ state: "detached" });
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByText("Grace Hopper").waitFor();
    expect(page.url()).to.include(grace);
    await page.getByRole("button", { name: "Close", exact: true }).click();
    await page.getByLabel("State").selectOption({ label: "Canceled" });
    await page.getByRole("row", { name: /Ben Bitdiddle/ }).waitFor();
    expect(await rows()).to.deep.equal(["Ben Bitdiddle"]);
    await page.getByLabel("State").selectOption({ label: "All" });
    await page.getByLabel("Arrival from").fill(hotel.day(4));
    await page.getByRole("row", { name: /Ben Bitdiddle/ }).waitFor({ state: "detached" });
    expect(await rows()).to.deep.equal(["Grace Hopper"]);
    await page.getByRole("button", { name: "Clear the filters" }).click();
    await page.getByRole("searchbox").fill("lovel");
    await page.getByRole("row", { name: /Grace Hopper/ }).waitFor({ state: "detached" });
    expect(await rows()).to.deep.equal(["Ada Lovelace"]);
    await page.reload();
    await page.getByRole("row", { name: /Ada Lovelace/ }).waitFor();
    expect(await rows(), "the same list after a reload").to.deep.equal(["Ada Lovelace"]);
    await page.getByRole("searchbox").fill("Unknown Guest");
    await page.getByText("No booking fits these filters.").waitFor();
    expect(faults).to.deep.equal([]);
    await context.close();
  });

  it("Reads the next page of bookings by one press", async () => {
    for (let at = 0; at < 52; at += 1) await book(`Guest ${at}`, at % 4, Math.floor(at / 4) * 2);
    const { page, context } = await desk.logIn(hotel.username);
    await page.goto("/app/bookings");
    await page.getByRole("row", { name: /Guest 0/ }).waitFor();
    expect(await page.locator("tbody tr").count()).to.equal(50);
    await page.getByRole("button", { name: "Show more" }).click();
    await page.getByRole("button", { name: "Show more" }).waitFor({ state: "detached" });
    expect(await page.locator("tbody tr").count()).to.equal(52);
    await context.close();
  });

  it("Finds a guest, corrects it against another desk, books again, and anonymizes by the typed name", async () => {
    const booking = await book("Ada Lovelace", 0, 0, { email: "ada@example.com" });
    const id = (await read(`/bookings/${booking}`)).guest_id as string;
    await call("patch", `/operations/cancel/${booking}`, {});
    const { page, faults, context } = await desk.logIn(hotel.username);
    await page.goto("/app/guests");
    await page.getByRole("searchbox").fill("lovel");
    await page.getByRole("link", { name: "Ada Lovelace" }).click();
    await page.getByRole("button", { name: "Correct the data" }).click();
    await page.getByLabel("Phone").fill("+44 20 7946 0000");
    await page.getByLabel("E-mail").fill("lovelace@example.com");
    await call("patch", `/guests/${id}`, { email: "countess@example.com" });
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Yours: lovelace@example.com").waitFor();
    await page.getByRole("button", { name: "Take countess@example.com" }).click();
    // The refusal of the first try is an answer with the status 412, which Chromium logs.
    faults.length = 0;
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("The data of Ada Lovelace is corrected.").waitFor();
    const { email, phone } = await read(`/guests/${id}`);
    expect({ email, phone }).to.deep.equal({ email: "countess@example.com", phone: "+44 20 7946 0000" });
    await page.getByRole("button", { name: "Book again" }).click();
    await page.getByText("Was here before").waitFor();
    await page.getByRole("button", { name: "Close", exact: true }).click();
    await page.getByRole("button", { name: "Anonymize" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(/to confirm/).fill("ada lovelac");
    await page.keyboard.press("Enter");
    expect((await read(`/guests/${id}`)).anonymized_at).to.equal(null);
    await dialog.getByLabel(/to confirm/).fill("ada lovelace");
    await dialog.getByRole("button", { name: "Anonymize" }).click();
    await page.getByText("This guest was anonymized.").waitFor();
    expect((await read(`/guests/${id}`)).name).to.equal("Anonymous");
    expect(faults).to.deep.equal([]);
    await context.close();
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`Has no accessibility fault in the lists, ${colorScheme}`, async () => {
      await book("Ada Lovelace", 0);
      const { page, faults, context } = await desk.logIn(hotel.username, { colorScheme });
      await page.goto("/app/bookings");
      await page.getByRole("row", { name: /Ada Lovelace/ }).waitFor();
      await waitUntilLoaded(page);
      expect(await accessibilityFaults(page), "bookings").to.deep.equal([]);
      await page.goto("/app/guests");
      await page.getByRole("link", { name: "Ada Lovelace" }).waitFor();
      await waitUntilLoaded(page);
      expect(await accessibilityFaults(page), "guests").to.deep.equal([]);
      await page.getByRole("link", { name: "Ada Lovelace" }).click();
      await page.getByRole("row", { name: /101/ }).waitFor();
      await waitUntilLoaded(page);
      expect(await accessibilityFaults(page), "one guest").to.deep.equal([]);
      expect(faults).to.deep.equal([]);
      await context.close();
    });
  }
});
