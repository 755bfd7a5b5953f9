/** The prose rule: each part of it refuses planted violations, good sentences pass, and the checked folders keep it. */
import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { faultsAt, isChecked, proseFaults } from "./prose.ts";
import { sentencesOf } from "./prose_sentences.ts";
import { readTexts } from "./prose_texts.ts";

const root = path.join(import.meta.dirname, "..", "..");

const rulesOf = (text: string, file = "core/planted.md"): string[] => proseFaults(file, text).map(({ rule }) => rule);

const words = (count: number): string => `The ${"a ".repeat(count - 2)}b.`;

describe("The prose rule", () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ["The request that nobody waits for is last.", /^"nobody", write the actor/],
    ["The room is free for whoever comes first.", /^"whoever", write the actor/],
    ["A guest to whom the desk gave a room.", /^"whom", write the actor/],
    ["The remedy is no text.", /^"is no text", write the requirement/],
    ["There is no such thing.", /^"no such thing", write `Not found`/],
    ["The request does not fit.", /^"does not fit", write `Validation failed`/],
    ["A receptionist may not change rates.", /^"may not", write `must not`/],
    ["A background job gives way to requests.", /^"gives way", write `lowers its priority`/],
    ["The copy makes its process humble.", /^"humble", write `lower the priority`/],
    ["The event tells that the invoice is paid.", /^"tells", write `says`/],
    ["An event that Stripe told about.", /^"told", write `says`/],
    ["Waiting events are called up again.", /^"called up", write `re-enqueue`/],
    ["A query behind the tenant wall.", /^"wall", write `tenant isolation`/],
    ["The login gate of the plugin.", /^"gate", write `login`/],
    ["Reads the ties of a customer.", /^"ties", write `link`/],
    ["A stay soils its room.", /^"soils", write `mark dirty`/],
    ["The news of an id reaches the events.", /^"news", write `change`/],
    ["Stripe has two worlds.", /^"worlds", write `mode`/],
    ["The figure stands in the report.", /^"stands", write `is`/],
    ["The request is judged anew.", /^"anew", write `again`/],
    ["The rates of before are kept.", /^"of before", write `before`/],
    ["A token is valid for so long.", /^"for so long", write a duration/],
    ["The job waits for ever.", /^"for ever", write `forever`/],
    ["The colour of a room.", /^"colour", write the American spelling/],
    ["Anonymises the guest.", /^"Anonymises", write the American spelling/],
    ["The name is normalised.", /^"normalised", write the American spelling/],
    ["Reads the catalogue of problems.", /^"catalogue", write `catalog`/],
    ["A cancelled booking.", /^"cancelled", write the American single l/],
    ["What a plugin reads is in its manifest.", /^begins with "What"/],
    ["The room is dirty. Who is logged in sees it.", /^begins with "Who"/],
    ["Of two guests, the older one stays.", /^begins with "Of"/],
    [words(26), /^26 words, at most 25/],
    ["One: two; three.", /^2 colons and semicolons, at most one/],
    [`The end of a long line.${" ".repeat(100)}`, /^123 columns, at most 120/],
  ];
  for (const [text, rule] of refused) {
    it(`Refuses this page with one fault: ${text.trim().slice(0, 60)}`, () => {
      const rules = rulesOf(text);
      expect(rules, rules.join("\n")).to.have.length(1);
      expect(rules[0]).to.match(rule);
    });
  }

  const accepted: readonly string[] = [
    "Locks the room rows, ordered by id.",
    "There is no free room. Retry in 10 s, or choose another type.",
    "The booking is no longer confirmed, and the report is no slower.",
    "Who may call this route?",
    "Of course the room is locked first.",
    "ADR stands for average daily rate, and the titles stand alone.",
    "The wall clock is not read.",
    "`nobody` is PostgreSQL's word, and `is no text` was ours.",
    "See [the page](https://example.com/what/nobody:told;anew) at 04:00.",
    words(25),
    `One. ${words(25)}`,
    `- ${words(25)}\n- ${words(25)}`,
    "# A heading\nA line: with one colon.",
    "| a cell: one | another cell: two |",
    `\`\`\`\n${words(60)} ${"x".repeat(130)}\n\`\`\``,
    `    ${words(60)}`,
  ];
  for (const text of accepted) {
    it(`Accepts this page: ${text.trim().slice(0, 60)}`, () => {
      expect(rulesOf(text)).to.deep.equal([]);
    });
  }

  it("Names the file, the line and the sentence of a fault", () => {
    const page = "# A page\n\nA good sentence. A sentence that runs\nover two lines. The request is\njudged anew.\n";
    expect(proseFaults("docs/planted.md", page)).to.deep.equal([
      { file: "docs/planted.md", line: 4, rule: '"anew", write `again`', text: "The request is judged anew." },
    ]);
  });
});

describe("The prose rule of programs", () => {
  const linesOf = (source: string, file = "core/planted.ts"): number[] =>
    proseFaults(file, source).map(({ line }) => line);

  it("Checks comments of every form, and joins neighboring line comments into one text", () => {
    expect(linesOf("// The request is\n// judged anew.\nconst a = 1; // anew\n/** Judged\n * anew. */")).to.deep.equal([
      1, 3, 4,
    ]);
    expect(rulesOf(`// ${words(13).replace(".", "")}\n// ${words(13)}`, "core/planted.ts")).to.have.length(1);
  });

  it("Checks each tag of a docstring as a text of its own, without the name of its parameter", () => {
    expect(linesOf(`/**\n * ${words(25).replace(".", "")}\n * @param nobody ${words(25)}\n */`)).to.deep.equal([]);
    expect(linesOf("/**\n * Reads a room.\n * @throws what a plugin throws\n */")).to.deep.equal([3]);
  });

  it("Checks the strings and templates of a program, and not its names, imports, types and code", () => {
    const source = [
      'import anew from "./judged anew.ts";',
      'type Judged = "judged anew" | "is no text";',
      "const anew = { told: 1, nobody: anew.told };",
      'const problem = { title: "The request does not fit" };',
      "throw new Error(`${anew} is no text.`);",
      'log.info("nobody asked Stripe");',
    ].join("\n");
    expect(linesOf(source)).to.deep.equal([4, 5, 6]);
  });

  it("Checks the comments of SQL in a string, and not its statements", () => {
    expect(linesOf('const sql = "SELECT told FROM nobody ORDER BY anew";')).to.deep.equal([]);
    expect(linesOf("const sql = `SELECT a -- of before\n  FROM b /* anew */`;")).to.deep.equal([1, 2]);
  });

  it("Checks comments of SQL files and of configuration", () => {
    expect(linesOf("SELECT 1; -- told\n\n-- anew", "plugins/pms/planted.sql")).to.deep.equal([1, 3]);
    expect(linesOf("#!/bin/sh\n# Judged anew\necho anew", ".ci/run")).to.deep.equal([2]);
  });

  it("Leaves directives of the linters alone", () => {
    expect(linesOf("// oxlint-disable-next-line no-console -- nobody told it anew")).to.deep.equal([]);
  });

  it("Refuses a test title that is not a full sentence", () => {
    const titles = (title: string): string[] => rulesOf(`it(${JSON.stringify(title)}, () => {});`, "core/a_test.ts");
    expect(titles("answers 409")).to.deep.equal([
      "a test title is a full sentence and begins with a capital letter",
      "a test title is a full sentence of three words or more",
    ]);
    expect(titles("A second check-in answers 409.")).to.deep.equal(["a test title ends without punctuation"]);
    expect(titles("A second check-in is judged anew")).to.deep.equal(['"anew", write `again`']);
    expect(titles("A second check-in of the same booking answers 409")).to.deep.equal([]);
    expect(titles("`GET /rooms` answers 404 to another hotel")).to.deep.equal([]);
    expect(rulesOf('it.skip("answers twice or more", f);', "core/a_test.ts")).to.have.length(1);
    expect(rulesOf("it(`answers ${a} with ${b} or c`, f);", "core/a_test.ts")).to.have.length(1);
    expect(
      rulesOf('describe("the booking", f); expect(a, "told anew").to.equal("is no text");', "core/a_test.ts"),
    ).to.deep.equal([]);
  });

  it("Refuses a line of more than 120 columns", () => {
    expect(rulesOf(`const a = "${"x".repeat(120)}";`, "core/planted.ts")).to.deep.equal(["133 columns, at most 120"]);
  });

  it("Refuses a comment of more than 120 columns in configuration, and accepts a long value", () => {
    const long = "x".repeat(120);
    expect(linesOf(`# A comment ${long}\nkey: ${long}`, "docker-compose.yml")).to.deep.equal([1]);
  });

  it("Leaves landed migrations alone, because their checksum is recorded", () => {
    expect(isChecked("plugins/pms/migrations/0001_rooms_and_bookings.ts")).to.equal(false);
    expect(isChecked("plugins/pms/rooms/rooms.ts")).to.equal(true);
  });

  it("Fails on a program that can't be parsed, because its texts are not seen", () => {
    expect(() => readTexts("core/planted.ts", "import {")).to.throw(/core\/planted\.ts can't be parsed: /);
  });

  it("Counts a code span, an address and a filled-in value as one word each", () => {
    const [sentence] = sentencesOf("Reads `a b c` from <https://example.com/a> and {@link b c d}.");
    expect(sentence?.masked.split(" ")).to.have.length(6);
  });
});

describe("The prose command", () => {
  it("Prints each fault of a path and ends with 1, or prints nothing and ends with 0", async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "keyrack-prose-"));
    try {
      const run = (): { status: number | null; stdout: string } =>
        spawnSync(process.execPath, ["--import", "tsx", path.join(import.meta.dirname, "prose.ts"), folder], {
          cwd: root,
          encoding: "utf8",
        });
      await writeFile(path.join(folder, "good.ts"), "/** Locks the room. */\n");
      expect(run()).to.include({ status: 0, stdout: "" });
      await writeFile(path.join(folder, "bad.ts"), "/** Judged anew. */\n");
      const { status, stdout } = run();
      expect(status).to.equal(1);
      expect(stdout).to.match(/^\S*bad\.ts:1: "anew", write `again`: Judged anew\.\n$/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("The texts of the project", () => {
  it("Keep the prose rule", () => {
    const faults = faultsAt("").map(({ file, line, rule, text }) => `${file}:${line}: ${rule}: ${text}`);
    expect(faults.join("\n")).to.equal("");
  });
});
