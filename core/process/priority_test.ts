import { expect } from "chai";
import { execFile, spawnSync } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";

/** Linux's number of the scheduling class "idle", the 41st field of a process's `stat`. */
const idle = "5";
const hasClasses = process.platform === "linux" && spawnSync("chrt", ["--version"]).status === 0;

const program = `import { readdirSync, readFileSync } from "node:fs";
  const { lowerPriority } = await import("./priority.ts");
  await lowerPriority();
  const numbers = readdirSync("/proc/self/task").map((thread) =>
    readFileSync("/proc/self/task/" + thread + "/stat", "utf8").split(") ")[1].split(" ")[38]);
  process.stdout.write(numbers.join(" "));`;

const run = async (env: NodeJS.ProcessEnv): Promise<string[]> => {
  const args = ["--import", "tsx", "--input-type=module", "-e", program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname, env });
  return stdout.trim().split(" ");
};

describe("The priority of a process of background jobs", () => {
  before(function () {
    // Other systems have nice values at most.
    if (!hasClasses) this.skip();
  });

  it("Is the scheduling class idle, for all of its threads", async () => {
    expect([...new Set(await run(process.env))]).to.deep.equal([idle]);
  });

  it("Stays as it is if chrt is missing, and the process goes on", async () => {
    const classes = await run({ ...process.env, PATH: path.join(import.meta.dirname, "nowhere") });
    expect(classes).to.not.include(idle);
  });
});
