import { expect } from "chai";
import { describeByPs, describeProcess } from "./processes.ts";

describe("what a process number stands for", () => {
  it("a living process has a start time that stays and a command", async () => {
    const [first, second] = [await describeProcess(process.pid), await describeProcess(process.pid)];
    expect(first?.command).to.match(/node|deno/);
    expect(first?.started).to.equal(second?.started).and.not.equal("");
  });

  it("ps, where there is no /proc, says the same", async () => {
    const found = await describeByPs(process.pid);
    expect(found?.command).to.match(/node|deno/);
    expect(found?.started).to.match(/^\w+_\w+_\d+_[\d:]+_\d{4}$/);
  });

  it("a number that nobody has stands for nothing", async () => {
    expect(await describeProcess(2 ** 22 + 1)).to.equal(undefined);
    expect(await describeByPs(2 ** 22 + 1)).to.equal(undefined);
  });
});
