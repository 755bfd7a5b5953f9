import { expect } from "chai";
import { readFile } from "node:fs/promises";

import { signUpHotel, type TestHotel } from "#testing/mod.ts";
import { accessibilityFaults } from "../../../web/testing/axe.ts";
import { describeInBrowser, waitUntilLoaded } from "../../../web/testing/browser.ts";
import { type BrowserDesk, startBrowserDesk } from "../../../web/testing/desk.ts";

describeInBrowser("The screens of reports and billing", () => {
  let desk: BrowserDesk;
  let hotel: TestHotel;
  before(async function () {
    this.timeout(120_000);
    desk = await startBrowserDesk({ worker: true });
    hotel = await signUpHotel(desk.platform.client);
  });
  after(() => desk?.close());

  it("A manager creates a report, sees it become ready, and downloads its file", async () => {
    const { page, faults, context } = await desk.logIn(hotel.username);
    await page.getByRole("link", { name: "Reports" }).click();
    await page.getByText("No reports yet.").waitFor();
    await page.getByLabel("Report", { exact: true }).selectOption("Occupancy");
    await page.getByRole("button", { name: "Create" }).click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download" }).click(),
    ]);
    expect(download.suggestedFilename()).to.match(/^occupancy-.*\.csv$/);
    expect((await readFile(await download.path(), "utf8")).split("\r\n")[0]).to.match(/date/i);
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByText("No reports yet.").waitFor();
    expect(faults).to.deep.equal([]);
    await context.close();
  });

  it("A manager reads the state of the trial, and a receptionist has no page for it", async () => {
    const { page, faults, context } = await desk.logIn(hotel.username);
    await page.getByRole("link", { name: "Billing" }).click();
    await page.getByText("The hotel is on trial.").waitFor();
    expect(faults).to.deep.equal([]);
    await page.getByRole("button", { name: "Subscribe" }).click();
    await page.getByRole("alert").waitFor();
    await context.close();
    const receptionist = await desk.logIn(hotel.username.replace("manager", "desk"));
    await receptionist.page.getByRole("link", { name: "Today" }).waitFor();
    expect(await receptionist.page.getByRole("link", { name: /Billing|Reports|Staff/ }).count()).to.equal(0);
    await receptionist.context.close();
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`The pages of reports and billing have no accessibility fault, ${colorScheme}`, async () => {
      const { page, faults, context } = await desk.logIn(hotel.username, { colorScheme });
      for (const name of ["Reports", "Billing"]) {
        await page.getByRole("link", { name }).click();
        await page.getByRole("heading", { name, level: 1 }).waitFor();
        await waitUntilLoaded(page);
        expect(await accessibilityFaults(page), name).to.deep.equal([]);
      }
      expect(faults).to.deep.equal([]);
      await context.close();
    });
  }
});
