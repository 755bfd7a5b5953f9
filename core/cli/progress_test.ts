import { expect } from "chai";
import { Writable } from "node:stream";

import { startProgress } from "./progress.ts";

describe("the progress of a command", () => {
  const run = (isTTY: boolean): string => {
    let text = "";
    const stream = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        text += chunk.toString();
        done();
      },
    });
    // The parts of a terminal that cli-progress needs.
    const terminal = Object.assign(stream, { isTTY, columns: 100, cursorTo: () => true, clearLine: () => true });
    const progress = startProgress(terminal, "events");
    progress.total(4);
    for (let step = 0; step < 4; step += 1) progress.step();
    progress.end();
    return text;
  };

  it("A terminal shows a bar", () => {
    expect(run(true)).to.match(/events \[#+\] 4\/4/);
  });

  it("The bar shows the cursor again if the process ends before the command", () => {
    let text = "";
    const stream = new Writable({ write: (chunk: Buffer, _encoding, done) => done(void (text += chunk.toString())) });
    const before = process.listeners("exit");
    startProgress(
      Object.assign(stream, { isTTY: true, columns: 100, cursorTo: () => true, clearLine: () => true }),
      "a",
    );
    const added = process.listeners("exit").filter((listener) => !before.includes(listener));
    expect(added).to.have.length(1);
    expect(text).to.include("\u001b[?25l").and.not.include("\u001b[?25h");
    added[0]?.(130);
    expect(text).to.include("\u001b[?25h");
    expect(process.listeners("exit")).to.deep.equal(before);
  });

  it("Another stream gets plain lines, without a sequence that moves the cursor", () => {
    expect(run(false)).to.equal("events: 0\nevents: 4 of 4, done\n");
  });
});
