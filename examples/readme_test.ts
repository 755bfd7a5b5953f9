/** The walk-through of README.md, run block by block as it is written there, against a platform with a worker. */
import { expect } from "chai";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

import { processVariables } from "../core/config/env.ts";
import { startTestPlatform, type TestPlatform } from "../testing/platform.ts";

const root = path.join(import.meta.dirname, "..");

/** The shell blocks of one section of a page. */
function readBlocks(page: string, title: string): string[] {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? "";
  return [...section.matchAll(/```sh\n(.*?)```/gs)].map(([, block = ""]) => block);
}

describe("README.md", () => {
  let platform: TestPlatform;
  let folder: string;
  before(async () => {
    platform = await startTestPlatform();
    // The blocks write files where they run, so they run beside links to the files of the checkout.
    folder = await mkdtemp(path.join(os.tmpdir(), "keyrack-readme-"));
    const names = (await readdir(root)).filter((name) => !/^\.(git|data)$/.test(name));
    await Promise.all(names.map((name) => symlink(path.join(root, name), path.join(folder, name))));
  });
  after(async () => {
    await platform.close();
    await rm(folder, { recursive: true });
  });

  it("Has a walk-through whose calls answer as it says, from the sign-up to the schedule of a report", async () => {
    const blocks = readBlocks(await readFile(path.join(root, "README.md"), "utf8"), "The walk-through");
    expect(blocks).to.have.length(4);
    const script = blocks
      .join("\n")
      .replace("URL=http://localhost:8000", `URL=${platform.client.url}`)
      .replaceAll("/tmp/", `${folder}/`);
    expect(script).to.include(platform.client.url);
    const shell = [
      "set -euo pipefail",
      // Each call notes its status in a file, because several of them run in a subshell.
      `curl() { command curl -w '%{stderr}%{http_code}\\n' "$@" 2>> ${folder}/statuses; }`,
      script,
      'printf "\\n%s %s" "$AUTH" "$BOOKING"',
    ].join("\n");
    const { stdout } = await promisify(execFile)("bash", ["-c", shell], {
      cwd: folder,
      env: { ...processVariables(), ...platform.variables },
    });
    const statuses = (await readFile(path.join(folder, "statuses"), "utf8")).trim().split("\n").map(Number);
    const expected = [
      [201, 200, 201, 200, 204],
      [201, 201, 200, 200, 201, 200, 200],
      [200, 200, 200, 200, 400],
      [202, 200, 200, 200, 201],
    ];
    expect(statuses).to.deep.equal(expected.flat());
    const [, token = "", bookingId = ""] = /Bearer (\S+) (\S+)\s*$/.exec(stdout) ?? [];
    const csv = (await readdir(folder)).filter((name) => name.endsWith(".csv"));
    expect(csv).to.have.length(1);
    expect(await readFile(path.join(folder, csv[0] ?? ""), "utf8")).to.include(bookingId);
    const aYear = Date.now() + 364 * 86_400_000;
    await waitUntil(async () => {
      const { body } = await platform.client.get("/hotels/me", { token });
      return Date.parse((body as { valid_to: string }).valid_to) > aYear;
    });
  }).timeout(120_000);
});

async function waitUntil(isDone: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (await isDone()) return;
    await sleep(100);
  }
  throw new Error("The payment was not applied within 30 s.");
}
