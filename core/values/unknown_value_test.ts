import { expect } from "chai";

import { asError, memberOf, textOf } from "./unknown_value.ts";

describe("A value of unknown shape", () => {
  it("The function memberOf returns a member of an object, also an inherited one and one of an array", () => {
    const error = Object.assign(new Error("words"), { code: "ENOENT" });
    expect(memberOf(error, "code")).to.equal("ENOENT");
    expect(memberOf(error, "message")).to.equal("words");
    expect(memberOf(["first"], 0)).to.equal("first");
  });

  for (const value of [undefined, null, "text", 7]) {
    it(`The function memberOf returns undefined for ${String(value)}`, () => {
      expect(memberOf(value, "length")).to.equal(undefined);
    });
  }

  it("The function textOf returns a member that is a string, and else an empty text", () => {
    expect(textOf({ code: "Z_DATA_ERROR" }, "code")).to.equal("Z_DATA_ERROR");
    expect(textOf({ code: 7 }, "code")).to.equal("");
    expect(textOf(undefined, "code")).to.equal("");
  });

  it("The function asError returns an error as it is, and wraps another value", () => {
    const error = new TypeError("words");
    expect(asError(error)).to.equal(error);
    expect(asError("words")).to.be.instanceOf(Error).and.to.include({ message: "words", cause: "words" });
  });
});
