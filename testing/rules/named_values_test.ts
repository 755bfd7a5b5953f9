import { expect } from "chai";

import { positionalFaults } from "./named_values.ts";
import { readPrograms } from "./unused_exports.ts";

const list = (count: number, value: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => value(at + 1)).join(", ");
const planted = (text: string) => positionalFaults([{ file: "core/planted.ts", text }]);

describe("The rule about SQL with many values", () => {
  for (const [name, value] of [
    ["numbers", (at: number) => `$${at}`],
    ["question marks", () => "?"],
    ["question marks with a cast", () => "?::text"],
  ] as const) {
    it(`It refuses ten values as ${name}, and accepts nine`, () => {
      const insert = (count: number) => `const sql = 1;\nrun(\`INSERT INTO a VALUES (${list(count, value)})\`);`;
      expect(planted(insert(10))).to.deep.equal([
        "core/planted.ts:2 has SQL with more than 9 values by position. Remedy: name them (:name).",
      ]);
      expect(planted(insert(9))).to.deep.equal([]);
    });
  }

  it("It accepts named values, numbers outside of SQL, and questions in a template's code", () => {
    const named = list(12, (at) => `:v${at}`);
    const questions = list(12, (at) => `\${a${at} ? b : c}`);
    for (const text of [`\`INSERT INTO a VALUES (${named})\``, '"It costs $10"', `\`SELECT ${questions}\``])
      expect(planted(`run(${text});`), text).to.deep.equal([]);
  });

  it("It does not judge migrations, and the whole project keeps it", () => {
    const text = `run("INSERT INTO a VALUES (${list(12, () => "?")})");`;
    expect(positionalFaults([{ file: "plugins/pms/migrations/0001_a.ts", text }])).to.deep.equal([]);
    const programs = readPrograms().filter(({ file }) => !/_test\.tsx?$/.test(file));
    expect(programs.length).to.be.greaterThan(400);
    expect(positionalFaults(programs)).to.deep.equal([]);
  });
});
