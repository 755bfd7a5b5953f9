import { expect } from "chai";
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { processVariables } from "../core/config/env.ts";
import { killChildren, listOpenHandles, waitUntilClosed } from "./open_handles.ts";

describe("open handles", () => {
  it("Names a child process by its command line, and closes the list after its end", async () => {
    const known = listOpenHandles();
    const child = spawn(process.execPath, ["-e", "setInterval(() => undefined, 1000)"], { stdio: "ignore" });
    const opened = (await waitUntilClosed(known, 0)).filter(({ pid }) => pid !== undefined);
    expect(opened).to.have.lengthOf(1);
    expect(opened[0]?.description).to.include(`process ${child.pid ?? ""}, ${process.execPath} -e setInterval`);
    killChildren(opened);
    const others = listOpenHandles().filter(({ pid }) => pid !== child.pid);
    expect(await waitUntilClosed(others, 10_000)).to.deep.equal([]);
    expect(child.signalCode).to.equal("SIGKILL");
  });

  it("Names a server by its port", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const descriptions = listOpenHandles().map(({ description }) => description);
    await new Promise((resolve) => server.close(resolve));
    expect(descriptions).to.include(`tcp at 127.0.0.1:${port}`);
  });
});

describe("a run of mocha", function () {
  this.timeout(120_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "keyrack-open-handles-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /**
   * Runs mocha on a file with this test.
   * @param ms the time that the process may stay alive after the test
   * @returns its exit code and what it wrote
   */
  async function runMocha(
    name: string,
    test: string,
    ms: number,
  ): Promise<{ readonly code: unknown; readonly output: string }> {
    const module = pathToFileURL(path.join(import.meta.dirname, "open_handles.ts")).href;
    const hooks = path.join(folder, `${name}_hooks.ts`);
    const teardown = `export const mochaGlobalTeardown = () => endIfAlive(${ms});`;
    await writeFile(hooks, `import { endIfAlive } from "${module}"; ${teardown}`);
    const file = path.join(folder, `${name}.mjs`);
    await writeFile(file, `import { spawn } from "node:child_process"; it("passes", () => { ${test} });`);
    const mocha = createRequire(import.meta.url).resolve("mocha/bin/mocha.js");
    const args = [mocha, "--no-config", "--node-option", "import=tsx", "--require", hooks, file];
    return new Promise((resolve) => {
      execFile(process.execPath, args, { env: { PATH: processVariables()["PATH"] } }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : error.code, output: stdout + stderr });
      });
    });
  }

  it("Ends with 0 where nothing is left open", async () => {
    const { code, output } = await runMocha("clean", "", 60_000);
    expect(output).to.include("1 passing").and.not.include("kept alive");
    expect(code).to.equal(0);
  });

  it("Ends with 1 where a test leaves a timer and a process, names both and kills the process", async () => {
    // Mocha's output ends only when the child has closed its copy of it.
    const stdio = `["ignore", "inherit", "ignore"]`;
    const child = `spawn(process.execPath, ["-e", "setInterval(() => undefined, 1000)"], { stdio: ${stdio} })`;
    const { code, output } = await runMocha(
      "child",
      `setTimeout(() => undefined, 3_600_000); process.stdout.write("pid " + ${child}.pid + "\\n");`,
      300,
    );
    const pid = /pid (\d+)/.exec(output)?.[1] ?? "";
    expect(output).to.include("1 passing");
    expect(output).to.include(`kept alive by:\n!!!   process ${pid}, ${process.execPath} -e setInterval`);
    expect(output).to.include("!!!   a timer\n");
    expect(code).to.equal(1);
  });
});
