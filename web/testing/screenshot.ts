/** Makes the picture of the README: `npm run screenshot`. It plays the demo hotel and opens Today. */
import path from "node:path";

import { playDemo } from "../../core/plugin/demo_part.ts";
import { loginRole, urlAs } from "../../core/db/role_names.ts";
import { mochaGlobalTeardown } from "../../testing/mocha_hooks.ts";
import { testSecret } from "../../testing/postgres.ts";
import { startBrowserDesk } from "./desk.ts";

const file = path.join(import.meta.dirname, "..", "..", "docs", "images", "today.png");

const desk = await startBrowserDesk();
try {
  const { client, databaseUrl } = desk.platform;
  const { login } = await playDemo({ address: client.url, databaseUrl: urlAs(databaseUrl, loginRole, testSecret) });
  const { page } = await desk.openTab();
  await page.goto("/");
  await page.getByLabel("Username").fill(login?.username ?? "");
  await page.getByLabel("Password").fill(login?.password ?? "");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Check in" }).first().waitFor();
  await page.screenshot({ path: file });
} finally {
  await desk.close();
  await mochaGlobalTeardown();
}
