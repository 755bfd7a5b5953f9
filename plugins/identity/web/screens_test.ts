import { expect } from "chai";

import { signUpHotel, type TestHotel } from "#testing/mod.ts";
import { accessibilityFaults } from "../../../web/testing/axe.ts";
import { describeInBrowser } from "../../../web/testing/browser.ts";
import { type BrowserDesk, startBrowserDesk } from "../../../web/testing/desk.ts";

const password = "correct-horse-battery";

describeInBrowser("The screens of staff and settings", () => {
  let desk: BrowserDesk;
  let hotel: TestHotel;
  before(async function () {
    this.timeout(120_000);
    desk = await startBrowserDesk();
    hotel = await signUpHotel(desk.platform.client);
  });
  after(() => desk?.close());

  it("A new hotel signs up in the browser, and its manager is logged in", async () => {
    const { page, context } = await desk.openTab({ timezoneId: "Europe/Vienna" });
    await page.goto("/");
    await page.getByRole("button", { name: "Sign up a hotel" }).click();
    await page.getByLabel("Name of the hotel").fill("Hotel Seeblick");
    await page.getByLabel("Username").fill(`clara-${process.pid}`);
    await page.getByLabel("Password").fill("short");
    await page.keyboard.press("Enter");
    await page.locator("[aria-invalid=true]").waitFor();
    await page.getByLabel("Password").fill(password);
    await page.keyboard.press("Enter");
    await page.getByRole("navigation").waitFor();
    await page.getByText("Hotel Seeblick").waitFor();
    await context.close();
  });

  it("A wrong password is refused, and the form stays", async () => {
    const { page, context } = await desk.openTab();
    await page.goto("/");
    await page.getByLabel("Username").fill(hotel.username);
    await page.getByLabel("Password").fill("wrong-horse-battery");
    await page.keyboard.press("Enter");
    await page.getByText("The username or the password is wrong.").waitFor();
    expect(await page.getByLabel("Username").inputValue()).to.equal(hotel.username);
    expect(await accessibilityFaults(page)).to.deep.equal([]);
    await context.close();
  });

  it("A locked screen shows nothing of the hotel, and the PIN unlocks it", async () => {
    const { page, context } = await desk.logIn(hotel.username);
    await page.goto("/app/settings");
    await page.getByLabel("PIN, 4 to 8 digits").fill("2580");
    await page.getByLabel("Your password").fill(password);
    await page.getByRole("button", { name: "Set the PIN" }).click();
    await page.getByText("The PIN is set.").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "Settings" }).click();
    await page.keyboard.press("Shift+L");
    await page.getByRole("heading", { name: `${hotel.username} has locked this screen` }).waitFor();
    expect(await page.getByRole("navigation").count()).to.equal(0);
    await page.getByLabel("PIN").fill("0000");
    await page.keyboard.press("Enter");
    await page.getByText("The PIN is wrong. 4 attempts are left.").waitFor();
    expect(await accessibilityFaults(page)).to.deep.equal([]);
    await page.getByLabel("PIN").fill("2580");
    await page.keyboard.press("Enter");
    await page.getByRole("navigation").waitFor();
    await context.close();
  });

  it("A manager adds a receptionist, who chooses a password at the first login", async () => {
    const name = `ida-${process.pid}`;
    const { page, faults, context } = await desk.logIn(hotel.username);
    await page.getByRole("link", { name: "Staff" }).click();
    await page.getByRole("button", { name: "Add" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Username").fill(name);
    await dialog.getByLabel("First password").fill("first-horse-battery");
    await page.keyboard.press("Enter");
    await page.getByText(`${name} is added.`).waitFor();
    expect(faults).to.deep.equal([]);
    const other = await desk.openTab();
    await other.page.goto("/");
    await other.page.getByLabel("Username").fill(name);
    await other.page.getByLabel("Password").fill("first-horse-battery");
    await other.page.keyboard.press("Enter");
    await other.page.getByText("Choose your own to go on.").waitFor();
    await other.page.getByLabel("Password until now").fill("first-horse-battery");
    await other.page.getByLabel("New password").fill("second-horse-battery");
    await other.page.keyboard.press("Enter");
    await other.page.getByRole("navigation").waitFor();
    expect(await other.page.getByRole("link", { name: "Staff" }).count()).to.equal(0);
    await other.context.close();
    await context.close();
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`The pages of staff and settings have no accessibility fault, ${colorScheme}`, async () => {
      const { page, faults, context } = await desk.logIn(hotel.username, { colorScheme });
      for (const name of ["Staff", "Settings"]) {
        await page.getByRole("link", { name }).click();
        await page.getByRole("heading", { name, level: 1 }).waitFor();
        expect(await accessibilityFaults(page), name).to.deep.equal([]);
      }
      expect(faults).to.deep.equal([]);
      await context.close();
    });
  }
});
