import { expect } from "chai";

import { isTest, root } from "./boundaries.ts";
import { readSources } from "./source.ts";
import { assertionFaults, findAssertions, landedMigrations, mostAssertions } from "./type_assertions.ts";

const planted = (text: string) => [{ file: "core/planted.ts", text }];
const fault = (line: number): string =>
  `core/planted.ts:${line} has a type assertion without a reason. Remedy: a type guard or a comment.`;

describe("The rule about type assertions", () => {
  for (const text of [
    "const a = b as string;",
    "const a = <string>b;",
    "f(b as never);",
    "// A comment on another statement.\nconst c = 1;\nconst a = b as string;",
    "// A comment on the function.\nfunction f() {\n  return b as string;\n}",
    "const a = b as string;\n// A comment after it.",
  ]) {
    it(`It refuses ${JSON.stringify(text)} without a reason`, () => {
      const line = text.split("\n").findIndex((each) => each.includes("b as") || each.includes(">b")) + 1;
      expect(assertionFaults(planted(text))).to.deep.equal([fault(line)]);
    });
  }

  for (const text of [
    "// The schema has parsed it.\nconst a = b as string;",
    "const a = b as string; // The schema has parsed it.",
    "// The schema has parsed it.\nconst a = f(\n  b as string,\n);",
    "const a = {\n  // The schema has parsed it.\n  c: b as string,\n};",
  ]) {
    it(`It accepts ${JSON.stringify(text)}`, () => {
      expect(findAssertions({ file: "core/planted.ts", text })).to.have.length(1);
      expect(assertionFaults(planted(text))).to.deep.equal([]);
    });
  }

  for (const text of [
    "const a = [1] as const;",
    'import { a as b } from "./c.ts";',
    "export { a as b };",
    "const a = b satisfies string;",
  ]) {
    it(`It does not count ${text}`, () => {
      expect(findAssertions({ file: "core/planted.ts", text })).to.deep.equal([]);
    });
  }

  it("It refuses more assertions than the limit, and counts a double one twice", () => {
    const text = "// The library declares another type.\nconst a = b as unknown as string;";
    expect(assertionFaults(planted(text), 2)).to.deep.equal([]);
    expect(assertionFaults(planted(text), 1)).to.deep.equal([
      "There are 2 type assertions, and 1 at most. Remedy: a type guard or a generic.",
    ]);
  });

  it("It does not judge a landed migration, and judges a new one", () => {
    const text = "const a = b as string;";
    const [landed = ""] = landedMigrations;
    expect(assertionFaults([{ file: landed, text }], 0)).to.deep.equal([]);
    expect(assertionFaults([{ file: "plugins/pms/migrations/9999_new.ts", text }])).to.have.length(1);
  });

  it("The production code keeps it", () => {
    const sources = readSources(root, ["bin", "core", "embedded", "workers", "plugins", "web"]).filter(
      ({ file }) => !isTest(file),
    );
    expect(sources.length).to.be.greaterThan(250);
    const files = sources.map(({ file }) => file);
    expect(files).to.include.members([...landedMigrations, "web/mod.ts", "plugins/pms/web/mod.tsx"]);
    expect(mostAssertions).to.be.lessThan(50);
    expect(assertionFaults(sources)).to.deep.equal([]);
  });
});
