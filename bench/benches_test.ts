/**
 * Runs each benchmark in its short form. A change can break a benchmark unnoticed, so each must still run and
 * still get answers.
 */
import { expect } from "chai";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import { processVariables } from "../core/config/env.ts";

const run = promisify(execFile);
const root = path.join(import.meta.dirname, "..");
const { scripts } = JSON.parse(await readFile(path.join(root, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};

/** The last line that each prints at its end. */
const ends: Readonly<Record<string, RegExp>> = {
  "bench:api": /availability, grand +\d+\.\d+ ms of execution/,
  "bench:desks": /a desk of another hotel beside +\d/,
  "bench:expensive": /the ten that block the event loop longest.*KB\s+\n/,
  "bench:login": /tokens \/ hashes alone, \d at a time as in Keyrack: \d/,
  "bench:plans": /Seed grand hotel[^]*the close of the day +\d/,
  "bench:report": /beside three reports +\d+ .*2xx/,
  "bench:tenancy": /connections open/,
  "bench:webhook": /event's transaction to its job's on PostgreSQL.*: \d+\.\d ms/,
};

describe("A short run of a benchmark", function () {
  this.timeout(120_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "keyrack-benches-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("Each script of that name has an expected last line", () => {
    const names = Object.keys(scripts).filter((name) => name.startsWith("bench:"));
    expect(names.sort()).to.deep.equal(Object.keys(ends));
  });

  for (const [name, end] of Object.entries(ends)) {
    it(`${name} runs to its end without a refused request`, async () => {
      const brief = { BENCH_BRIEF: "1", BENCH_DATA_DIR: folder, SEED_SCALE: "0.001", REPORT_ROWS: "2000" };
      const { stdout } = await run("npm", ["run", "-s", name], { cwd: root, env: { ...processVariables(), ...brief } });
      expect(stdout).to.match(end);
      // When many users log in at once from one address, some can be refused and repeat the login.
      const others = stdout.split("\n").filter((line) => !/auth\/token|the flood/.test(line));
      expect(others.join("\n")).not.to.match(/\b(?:3xx|4xx|5xx|errors) \d|\b[345]\d\d: \d/);
    });
  }
});
