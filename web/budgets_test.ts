/** The limits of the browser app: the bytes of its files, and the width of its pages. */
import { expect } from "chai";
import { stat } from "node:fs/promises";
import path from "node:path";
import type { Page } from "playwright-core";

import { readBlueprint } from "../core/boot.ts";
import { loginRole, urlAs } from "../core/db/role_names.ts";
import { folderOfBuilds, type ScreensBuild } from "../core/http/screens/built_screens.ts";
import { playDemo } from "../core/plugin/demo_part.ts";
import { testSecret } from "../testing/postgres.ts";
import { testWebhookSecret } from "../testing/platform.ts";
import { buildScreensOf } from "./build/build.ts";
import { withoutRulesOf } from "./build/shared_styles.ts";
import { describeInBrowser, waitUntilLoaded } from "./testing/browser.ts";
import { type BrowserDesk, startBrowserDesk } from "./testing/desk.ts";

/** The limits in bytes, compressed by Brotli. */
const most = { shell: 45_000, today: 90_000, styles: 15_000 };

interface Built {
  readonly build: ScreensBuild;
  readonly folder: string;
}

async function readBuild(): Promise<Built> {
  const variables = { SECRET_KEY: testSecret, STRIPE_WEBHOOK_SECRET: testWebhookSecret };
  const { plugins } = await readBlueprint(variables);
  const sources = plugins.flatMap(({ manifest: { id, web }, folder }) => (web === undefined ? [] : [{ id, folder }]));
  const build = await buildScreensOf(plugins);
  return { build, folder: path.join(folderOfBuilds(sources), build.hash) };
}

/** Says by how much files exceed a limit. Returns nothing if they do not. */
async function overBudget(folder: string, names: readonly string[], limit: number): Promise<string[]> {
  const sizes = await Promise.all(
    [...new Set(names)].map(async (name) => ({ name, size: (await stat(path.join(folder, `${name}.br`))).size })),
  );
  const all = sizes.reduce((sum, { size }) => sum + size, 0);
  if (all <= limit) return [];
  const largest = sizes.sort((a, b) => b.size - a.size).map(({ name, size }) => `${name} ${size}`);
  return [`${all} bytes, at most ${limit}: ${largest.join(", ")}`];
}

const scriptsOf = ({ script, preload }: ScreensBuild["shell"]): string[] => [script, ...preload];
const stylesOf = ({ shell, plugins }: ScreensBuild): string[] =>
  [shell, ...Object.values(plugins)].flatMap(({ style }) => style ?? []);

describe("The files of the browser app", function () {
  this.timeout(60_000);
  let built: Built;
  before(async () => {
    built = await readBuild();
  });

  it(`The scripts of the shell have at most ${most.shell} bytes`, async () => {
    expect(await overBudget(built.folder, scriptsOf(built.build.shell), most.shell)).to.deep.equal([]);
  });

  it(`All styles have at most ${most.styles} bytes`, async () => {
    expect(await overBudget(built.folder, stylesOf(built.build), most.styles)).to.deep.equal([]);
  });

  it("A limit that is too low is reported with the files by size", async () => {
    const [fault] = await overBudget(built.folder, scriptsOf(built.build.shell), 1_000);
    expect(fault).to.match(/^\d{5} bytes, at most 1000: \S+\.js \d+, \S+\.js \d+/);
  });

  it("The style of a plugin lacks the rules that the shell's style has", () => {
    const shell = '@layer kit{.a{content:"}";color:red}}@media print{.b{color:red}}';
    const style = '@layer kit{.a{content:"}";color:red}}@layer screens{.c{color:red}}';
    expect(withoutRulesOf(shell, style)).to.equal("@layer screens{.c{color:red}}");
  });
});

/** Returns the parts of the page that scroll sideways. A table or a chart may, inside of the page. */
function sidewaysScrollers(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("*")].flatMap((element) => {
      const { overflowX } = getComputedStyle(element);
      const isRoot = element === document.documentElement;
      if (!isRoot && overflowX !== "auto" && overflowX !== "scroll") return [];
      if (element.scrollWidth <= element.clientWidth + 1) return [];
      const isFrame = isRoot || element.matches("body, main, dialog");
      if (!isFrame && element.querySelector("table, [role=grid]") !== null) return [];
      if (element.closest("nav") !== null) return [];
      return [`${element.tagName} ${element.className} ${element.scrollWidth} > ${element.clientWidth}`];
    }),
  );
}

/** Makes each text longer by 40 %, as a translation can be. */
function lengthenTexts(page: Page): Promise<void> {
  return page.evaluate(() => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
      const text = node.nodeValue ?? "";
      if (/\p{Letter}{2}/u.test(text)) node.nodeValue = `${text} ${text.slice(0, Math.ceil(text.length * 0.4))}`;
    }
  });
}

describeInBrowser("The pages of the browser app", () => {
  let desk: BrowserDesk;
  let page: Page;
  let addresses: string[];
  before(async function () {
    this.timeout(120_000);
    desk = await startBrowserDesk();
    const { client, databaseUrl } = desk.platform;
    const target = { address: client.url, databaseUrl: urlAs(databaseUrl, loginRole, testSecret) };
    const { login } = await playDemo(target);
    ({ page } = await desk.openTab());
    await page.goto("/");
    await page.getByLabel("Username").fill(login?.username ?? "");
    await page.getByLabel("Password").fill(login?.password ?? "");
    await page.keyboard.press("Enter");
    await page.getByRole("navigation").waitFor();
    const links = await page.getByRole("navigation").getByRole("link").all();
    addresses = await Promise.all(links.map(async (link) => (await link.getAttribute("href")) ?? ""));
    const { body } = await client.post("/auth/token", login);
    const board = await client.get("/operations/today", { token: body.access_token as string });
    addresses.push(`/app/today?booking=${board.body.in_house[0].booking_id}`, "/app/today?new=booking");
  });
  after(() => desk?.close());

  it(`Today loads scripts of at most ${most.today} bytes`, async function () {
    this.timeout(60_000);
    await page.goto("/app/today");
    await page.getByRole("button", { name: "Check in" }).first().waitFor();
    const names = await page.evaluate(() =>
      performance
        .getEntriesByType("resource")
        .map(({ name }) => new URL(name).pathname.replace(/^.*\//, ""))
        .filter((name) => name.endsWith(".js")),
    );
    expect(names).to.have.length.greaterThan(5);
    const { folder } = await readBuild();
    expect(await overBudget(folder, names, most.today)).to.deep.equal([]);
    expect(await overBudget(folder, names, 1_000)).to.have.length(1);
  });

  it("No page scrolls sideways at 320 px, at 200 % zoom, with longer texts, or from right to left", async function () {
    this.timeout(120_000);
    expect(addresses).to.have.length.greaterThan(6);
    const faults: string[] = [];
    const look = async (address: string, at: string) =>
      faults.push(...(await sidewaysScrollers(page)).map((fault) => `${address} ${at}: ${fault}`));
    for (const address of addresses) {
      await page.setViewportSize({ width: 320, height: 640 });
      await page.goto(address);
      await page.getByRole("heading").first().waitFor();
      await waitUntilLoaded(page);
      await look(address, "at 320 px");
      // The layout of a window of 1280 px at 200 %.
      await page.setViewportSize({ width: 640, height: 400 });
      await look(address, "at 200 %");
      await page.setViewportSize({ width: 320, height: 640 });
      await page.evaluate(() => document.documentElement.setAttribute("dir", "rtl"));
      await look(address, "from right to left");
      await page.evaluate(() => document.documentElement.setAttribute("dir", "ltr"));
      await lengthenTexts(page);
      await look(address, "with longer texts");
    }
    expect(faults).to.deep.equal([]);
  });

  it("A part that is too wide is reported", async () => {
    await page.evaluate(() => {
      const wide = document.createElement("div");
      wide.style.width = "5000px";
      wide.textContent = "wide";
      document.querySelector("main")?.append(wide);
    });
    expect(await sidewaysScrollers(page)).to.have.length.greaterThan(0);
  });
});
