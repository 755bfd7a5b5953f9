import { expect } from "chai";

import { isNarrower, isReserved, overlap, rank } from "./path_order.ts";

describe("declared paths", () => {
  it("Two paths overlap if one address can match both", () => {
    for (const [one, other] of [
      ["/a/{x}", "/a/b"],
      ["/{x}/me", "/auth/{y}"],
      ["/a/{x}", "/a/{y}/"],
    ] as const) {
      expect(overlap(one, other), `${one} ${other}`).to.equal(true);
      expect(overlap(other, one), `${other} ${one}`).to.equal(true);
    }
    for (const [one, other] of [
      ["/a/{x}", "/a"],
      ["/a/{x}", "/b/{x}"],
      ["/a/{x}/b", "/a/{x}/c"],
      ["/a", "/A"],
    ] as const)
      expect(overlap(one, other), `${one} ${other}`).to.equal(false);
  });

  it("A path with a word in place of a parameter is narrower and ranks first", () => {
    expect(isNarrower("/a/b", "/a/{x}")).to.equal(true);
    expect(isNarrower("/a/b/{y}", "/{x}/b/{y}")).to.equal(true);
    expect(rank("/a/b") < rank("/a/{x}")).to.equal(true);
    expect(rank("/a/b/{y}") < rank("/{x}/b/{y}")).to.equal(true);
    for (const [one, other] of [
      ["/a/{x}", "/a/b"],
      ["/{x}/me", "/auth/{y}"],
      ["/auth/{y}", "/{x}/me"],
      ["/a/{x}", "/a/{y}"],
      ["/a", "/b"],
    ] as const)
      expect(isNarrower(one, other), `${one} ${other}`).to.equal(false);
  });

  it("A path is reserved if it begins with a word of the core, in upper or lower case", () => {
    for (const path of ["/health", "/Health/x", "/docs/", "/METRICS", "/openapi.json"])
      expect(isReserved(path), path).to.equal(true);
    for (const path of ["/healthy", "/a/health", "/{x}/docs"]) expect(isReserved(path), path).to.equal(false);
  });
});
