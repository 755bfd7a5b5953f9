/** Runs each completion script in its own shell. */
import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import path from "node:path";

import { processVariables } from "../config/env.ts";
import type { Shell } from "./completion.ts";
import { type CommandLineFixture, openCommandLine } from "./testing/in_process.ts";

/** Prints the words that a shell offers after a line. The last word of the line is the one that is typed. */
const programs: Readonly<Record<Shell, (script: string, line: string) => readonly string[]>> = {
  bash: (script, line) => [
    "--norc",
    "-c",
    `source ${script}
     [[ $(complete -p keyrack) == "complete -F _keyrack keyrack" ]] || exit 9
     COMP_WORDS=(${line.replaceAll("=", " = ")}""); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
     _keyrack; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  // Outside its line editor, zsh does not have these functions.
  zsh: (script, line) => [
    "-f",
    "-c",
    `compdef() { [[ "$*" == "_keyrack keyrack" ]] || exit 9 }
     _describe() { print -l -- "\${(@P)4}" | sed 's/:.*//' }
     compadd() { shift; print -l -- "$@" }
     _files() { print -l -- * }
     source ${script}
     words=(${line}""); CURRENT=$#words; PREFIX=$words[-1]; _keyrack`,
  ],
  fish: (script, line) => ["--no-config", "-c", `source ${script}; complete -C '${line}' | string split -f1 \\t; true`],
};

/** A line ends at the cursor. `offered` has all words that match, in any order. */
const cases: readonly { line: string; offered: readonly string[]; only?: Shell }[] = [
  { line: "keyrack mini", offered: ["minibar"] },
  { line: "keyrack billing re", offered: ["replay", "reconcile"] },
  { line: "keyrack minibar count a --", offered: ["--kind", "--least", "--since", "--dry-run", "--help"] },
  { line: "keyrack minibar count a --kind ", offered: ["gin", "rum"] },
  { line: "keyrack minibar count a --kind=r", offered: ["rum"], only: "bash" },
  { line: "keyrack minibar count a --least ", offered: [] },
  { line: "keyrack completion z", offered: ["zsh"] },
  { line: "keyrack minibar print li", offered: ["list one.txt"] },
  { line: "keyrack unknown comm", offered: [] },
];

for (const [shell, argumentsOf] of Object.entries(programs) as [Shell, (typeof programs)[Shell]][]) {
  describe(`the completion script for ${shell}`, function () {
    this.timeout(60_000);
    let fixture: CommandLineFixture;
    let script: string;
    before(async function () {
      // CI has bash. The tests of the other two shells run only if those are installed.
      if (shell !== "bash" && spawnSync(shell, ["--version"]).error !== undefined) this.skip();
      fixture = await openCommandLine();
      const { code, out, err } = await fixture.call(["completion", shell], { NODE_ENV: "production" });
      expect({ code, err }).to.deep.equal({ code: 0, err: "" });
      script = path.join(fixture.folder, "script");
      await writeFile(script, out);
      await writeFile(path.join(fixture.folder, "list one.txt"), "");
    });
    after(() => fixture?.close());

    for (const { line, offered, only } of cases) {
      if (only !== undefined && only !== shell) continue;
      it(`The shell offers ${offered.join(", ") || "nothing"} after \`${line}\``, () => {
        const { stdout, stderr, status } = spawnSync(shell, argumentsOf(script, line), {
          cwd: fixture.folder,
          env: { PATH: processVariables()["PATH"], HOME: fixture.folder, TERM: "dumb" },
          encoding: "utf8",
        });
        expect({ status, stderr }).to.deep.equal({ status: 0, stderr: "" });
        const typed = line.split(/[ =]/).at(-1) ?? "";
        // zsh's line editor drops the words that do not match the typed part. This test runs without it.
        const words = stdout.split("\n").filter((word) => word !== "" && word.startsWith(typed));
        expect(words).to.have.members(offered);
      });
    }
  });
}
