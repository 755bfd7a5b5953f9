import { expect } from "chai";

import { describeByPs, describeProcess } from "./processes.ts";

describe("The description of a process number", () => {
  it("A living process has a constant start time and a command", async () => {
    const [first, second] = [await describeProcess(process.pid), await describeProcess(process.pid)];
    expect(first?.command).to.match(/node|deno/);
    expect(first?.started).to.equal(second?.started).and.not.equal("");
  });

  it("On systems without /proc, ps gives the start time and the command", async () => {
    const found = await describeByPs(process.pid);
    expect(found?.command).to.match(/node|deno/);
    expect(found?.started).to.match(/^\w+_\w+_\d+_[\d:]+_\d{4}$/);
  });

  it("A number without a process has no description", async () => {
    expect(await describeProcess(2 ** 22 + 1)).to.equal(undefined);
    expect(await describeByPs(2 ** 22 + 1)).to.equal(undefined);
  });
});
