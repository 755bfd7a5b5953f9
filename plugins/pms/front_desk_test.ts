/** Runs the ten tasks of docs/front-desk.md as they are written, and counts the calls of each. */
import { expect } from "chai";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

import { startTestPlatform, type TestPlatform } from "#testing/mod.ts";
import { furnishHotel } from "./testing/hotel.ts";

const run = promisify(execFile);
const page = path.join(import.meta.dirname, "..", "..", "docs", "front-desk.md");

interface Task {
  readonly title: string;
  readonly calls: number;
  readonly script: string;
}

/** Reads the sections of the page that state a number of calls. The first block of the page makes the preparations. */
function readTasks(text: string): { arrange: string; tasks: Task[] } {
  const script = (section: string): string => /```sh\n(.*?)```/s.exec(section)?.[1] ?? "";
  const [introduction = "", ...sections] = text.split(/^## /m);
  const tasks = sections.map((section) => {
    const [, title = "", calls = "0"] = /^(.*): (\d+) calls?$/m.exec(section) ?? [];
    return { title, calls: Number(calls), script: script(section) };
  });
  return { arrange: script(introduction), tasks };
}

describe("docs/front-desk.md", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
  });
  after(() => platform.close());

  it("Each of the ten tasks on the page runs as written, in the stated number of calls", async () => {
    const { arrange, tasks } = readTasks(await readFile(page, "utf8"));
    expect(tasks).to.have.length(10);
    const hotel = await furnishHotel(platform.client, { rooms: 0 });
    const shell = [
      "set -euo pipefail",
      `URL=${platform.client.url}; JSON="Content-Type: application/json"; TYPE=${hotel.roomTypeId}`,
      `AUTH="Authorization: Bearer ${hotel.managerToken}"; DESK="Authorization: Bearer ${hotel.receptionistToken}"`,
      `field() { node -pe "JSON.parse(require('fs').readFileSync(0, 'utf8')).$1"; }`,
      // Counts the calls in a file, because a subshell can make one.
      'CALLS=$(mktemp); curl() { echo call >> "$CALLS"; command curl "$@"; }',
      arrange,
      ...tasks.flatMap(({ script }) => [': > "$CALLS"', script, 'echo; echo "calls=$(wc -l < "$CALLS" | tr -d " ")"']),
    ].join("\n");
    const { stdout } = await run("bash", ["-c", shell]);
    const made = [...stdout.matchAll(/^calls=(\d+)$/gm)].map(([, calls]) => Number(calls));
    expect(made).to.deep.equal(tasks.map(({ calls }) => calls));

    const { items } = (await platform.client.get("/bookings", { token: hotel.managerToken })).body as {
      items: { guest: { name: string }; status: string; room_number: string; nights: unknown[] }[];
    };
    const seen = Object.fromEntries(items.map(({ guest, ...rest }) => [guest.name, rest]));
    expect(seen["Grace Hopper"]).to.include({ status: "in_house", room_number: "204" });
    expect(seen["Grace Hopper"]?.nights).to.have.length(3);
    expect(seen["Alan Turing"]).to.include({ status: "in_house" });
    expect(seen["Ada Lovelace"]).to.include({ status: "confirmed" });
  }).timeout(60_000);
});
