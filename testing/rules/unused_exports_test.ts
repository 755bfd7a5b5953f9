import { expect } from "chai";

import { readPrograms, unusedExports } from "./unused_exports.ts";

const faultsOf = (text: string, user = ""): string[] =>
  unusedExports([
    { file: "core/planted.ts", text },
    { file: "core/user.ts", text: user },
  ]);

describe("The rule against dead exports", () => {
  for (const text of [
    "export const planted = 1;",
    "export function planted() {}",
    "export async function* planted() {}",
    "export class planted {}",
    "const planted = 1; export { planted };",
    "export const [planted] = [1];",
  ]) {
    it(`It refuses ${text}`, () => {
      const words = ["core/planted.ts exports planted, and no other file imports it. Remedy: remove the word export."];
      expect(faultsOf(text)).to.deep.equal(words);
      expect(faultsOf(text, 'import { other } from "./planted.ts"; planted();')).to.deep.equal(words);
      expect(faultsOf(text, 'import { planted } from "./another.ts";')).to.deep.equal(words);
    });
  }

  for (const user of [
    'import { planted } from "./planted.ts";',
    'import { planted as other } from "../core/planted.ts";',
    'import type { planted } from "./planted.ts";',
    'import * as all from "./planted.ts";',
    'export { planted } from "./planted.ts";',
    'export * from "./planted.ts";',
    'await import("./planted.ts");',
  ]) {
    it(`It accepts an export that another file uses with ${user}`, () => {
      expect(faultsOf("export const planted = 1;", user)).to.deep.equal([]);
    });
  }

  it("It accepts types, default exports and names that stay in their file", () => {
    const text = "export interface A {} export type B = A; const c = 1; export default c;";
    expect(faultsOf(text)).to.deep.equal([]);
  });

  it("The whole project keeps it", () => {
    const programs = readPrograms();
    expect(programs.length).to.be.greaterThan(400);
    expect(unusedExports(programs)).to.deep.equal([]);
  });
});
