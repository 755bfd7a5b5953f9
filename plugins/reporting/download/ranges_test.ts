import { expect } from "chai";

import { readRange } from "./ranges.ts";

describe("the range of a download", () => {
  const tag = '"abc"';
  const read = (range: string, condition?: string) =>
    readRange({ range, ...(condition === undefined ? {} : { "if-range": condition }) }, 100, tag);

  it("A range is from one byte to another, to the end, or a number of bytes at the end", () => {
    expect(read("bytes=0-0")).to.deep.equal({ start: 0, end: 0 });
    expect(read("bytes=10-19")).to.deep.equal({ start: 10, end: 19 });
    expect(read("bytes=90-")).to.deep.equal({ start: 90, end: 99 });
    expect(read("bytes=90-1000")).to.deep.equal({ start: 90, end: 99 });
    expect(read("bytes=-10")).to.deep.equal({ start: 90, end: 99 });
    expect(read("bytes=-1000")).to.deep.equal({ start: 0, end: 99 });
  });

  it("A range can have numbers of any length", () => {
    const huge = "9".repeat(400);
    expect(read(`bytes=90-${huge}`)).to.deep.equal({ start: 90, end: 99 });
    expect(read(`bytes=-${huge}`)).to.deep.equal({ start: 0, end: 99 });
    expect(read(`bytes=${huge}-`)).to.equal("unsatisfiable");
  });

  it("An unknown range, or a range of another file, gets the whole file", () => {
    for (const range of ["bytes=", "bytes=-", "bytes=5-2", "bytes=0-1,5-6", "lines=1-2", "bytes=a-b", "bytes 0-1"])
      expect(read(range), range).to.equal("whole");
    expect(readRange({}, 100, tag)).to.equal("whole");
    expect(read("bytes=10-19", tag)).to.deep.equal({ start: 10, end: 19 });
    for (const other of ['"abd"', 'W/"abc"', "Wed, 21 Oct 2015 07:28:00 GMT"])
      expect(read("bytes=10-19", other), other).to.equal("whole");
  });

  it("A range outside of the file can't be satisfied", () => {
    for (const range of ["bytes=100-", "bytes=100-200", "bytes=-0"])
      expect(read(range), range).to.equal("unsatisfiable");
    expect(readRange({ range: "bytes=0-" }, 0, tag)).to.equal("unsatisfiable");
  });
});
