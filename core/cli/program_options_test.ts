/** Runs the programs that a person starts by `npm run`: their help, and their answer to unknown words. */
import { expect } from "chai";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { processVariables } from "../config/env.ts";

const root = path.join(import.meta.dirname, "..", "..");
const { scripts } = JSON.parse(await readFile(path.join(root, "package.json"), "utf8")) as {
  scripts: Readonly<Record<string, string>>;
};

interface Ended {
  readonly code: unknown;
  readonly out: string;
  readonly err: string;
}

/** Runs a script of package.json with one more word, without settings and without a database. */
function runScript(name: string, word: string): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { PATH: processVariables()["PATH"], NODE_ENV: "production", DATA_DIR: path.join(os.tmpdir(), "none") };
    const options = { cwd: root, env, timeout: 60_000, killSignal: "SIGKILL" } as const;
    execFile("/bin/sh", ["-c", `${scripts[name]} ${word}`], options, (error, out, err) =>
      resolve({ code: error === null ? 0 : error.code, out, err }),
    );
  });
}

describe("the programs of package.json", function () {
  this.timeout(120_000);
  const programs: readonly (readonly [string, string, readonly string[]])[] = [
    ["start", "npm start --", ["--deno"]],
    ["web", "npm run web --", []],
    ["worker", "npm run worker --", []],
    ["migrate", "npm run migrate --", ["--deno"]],
    ["permissions", "npm run permissions --", ["--write", "--check"]],
  ];
  for (const [name, usage, options] of programs) {
    it(`\`${name}\` prints its help with exit code 0, and ends with 2 after an unknown word`, async () => {
      const [help, unknownOption, unknownWord] = await Promise.all(
        ["--help", "--unknown", "unknown"].map((word) => runScript(name, word)),
      );
      expect(help).to.deep.include({ code: 0, err: "" });
      expect(help?.out).to.match(new RegExp(`^Usage: ${usage} \\[options\\]\n\n[A-Z][^]*?\\.\n\nOptions:\n`));
      const listed = [...(help?.out ?? "").matchAll(/^ {2}(?:-h, )?(--\S+) +[A-Z]/gm)].map(([, option]) => option);
      expect(listed).to.deep.equal([...options, "--help"]);
      expect(unknownOption).to.deep.include({ code: 2, out: "" });
      expect(unknownOption?.err)
        .to.match(/^Unknown option '--unknown'\n/)
        .and.include(`Usage: ${usage} [options]\n`);
      expect(unknownWord).to.deep.include({ code: 2, out: "" });
      expect(unknownWord?.err).to.match(/^Too many arguments/);
    });
  }
});
