/** The command line: its help, its faults and its exit codes. */
import { expect } from "chai";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import path from "node:path";

import { cliProgram, runCli } from "../../testing/command_line.ts";
import { processVariables } from "../config/env.ts";
import { type CommandLineFixture, openCommandLine } from "./testing/in_process.ts";

/** Production without its settings, so that each reading of them fails. */
const withoutSettings = { NODE_ENV: "production" };

describe("the command line", function () {
  this.timeout(60_000);
  let fixture: CommandLineFixture;
  beforeEach(async () => {
    fixture = await openCommandLine();
  });
  afterEach(() => fixture.close());

  it("The help lists each command of the core and of the plugins, without settings or a database", async () => {
    const { code, out, err } = await fixture.call(["--help"], withoutSettings);
    expect({ code, err }).to.deep.equal({ code: 0, err: "" });
    const lines = [
      /^ {2}jobs dead +List the jobs /,
      /^ {2}jobs retry \[job_id\] +Retry a dead job/,
      /^ {2}billing sign <file> +Print the Stripe-Signature /,
      /^ {2}billing events +List events/,
      /^ {2}billing show <event_id> +Show an event/,
      /^ {2}billing replay \[event_id\] +Apply one event/,
      /^ {2}billing reconcile +Store /,
      /^ {2}minibar count <shelf> \[floor\] +Count bottles$/,
      /^ {2}minibar print <file> +Print a list$/,
      /^ {2}minibar refuse +Refuse to run$/,
      /^ {2}minibar wait +Wait until the process is stopped$/,
      /^ {2}completion <shell> +Print /,
    ];
    const listed = out.split("\n").filter((line) => /^ {2}\w/.test(line));
    expect(listed).to.have.length(lines.length);
    lines.forEach((line, at) => expect(listed[at]).to.match(line));
    expect(existsSync(path.join(fixture.folder, "data")), "The help made secrets.").to.equal(false);
    for (const words of [[], ["help"]]) expect((await fixture.call(words, withoutSettings)).out).to.equal(out);
  });

  it("The help of a command shows its arguments and options with types and defaults", async () => {
    const { code, out, err } = await fixture.call(["minibar", "count", "--help"], withoutSettings);
    expect({ code, err }).to.deep.equal({ code: 0, err: "" });
    expect(out.replaceAll(/ +/g, " ")).to.equal(`Usage: keyrack minibar count [options] <shelf> [floor]

Count bottles.

Arguments:
 shelf The shelf
 floor The floor (a whole number from 1 to 9; default: 1)

Options:
 --kind <kind> The kind (one of gin, rum)
 --least <number> Bottles at least (a number from 0)
 --since <time> Since when (default: today)
 --dry-run Count nothing
 -h, --help Print this help
`);
  });

  it("A command gets the values that its schemas parse from the words", async () => {
    const given = await fixture.call(["minibar", "count", "top", "3", "--kind=gin", "--least", "2.5", "--dry-run"]);
    expect(JSON.parse(given.out)).to.deep.equal({
      args: { shelf: "top", floor: 3 },
      options: { kind: "gin", least: 2.5, since: "today", "dry-run": true },
    });
    const { code, out, err } = await fixture.call(["minibar", "count", "--", "--kind"]);
    expect({ code, err, ...JSON.parse(out) }).to.deep.equal({
      code: 0,
      err: "",
      args: { shelf: "--kind", floor: 1 },
      options: { since: "today", "dry-run": false },
    });
  });

  const wrongCalls: readonly (readonly [string, RegExp])[] = [
    ["biling events", /^Unknown command 'biling'\n\(Did you mean billing\?\)\nUsage: keyrack \[options\]/],
    ["minibar cuont", /^Unknown command 'cuont'\n\(Did you mean count\?\)\nUsage: keyrack minibar /],
    [
      "minibar count a --knid gin",
      /^Unknown option '--knid'\n\(Did you mean --kind\?\)\nUsage: keyrack minibar count /,
    ],
    [
      "minibar count",
      /^Missing required argument 'shelf'\nUsage: keyrack minibar count \[options\] <shelf> \[floor\]\n/,
    ],
    ["minibar count a 1 b", /^Too many arguments for 'count'\. Expected 2 arguments but got 3\.\nUsage: /],
    ["minibar count a 0x1", /^<floor> must be a whole number from 1 to 9\.\nUsage: /],
    ["minibar count a 12 --kind wine", /^<floor> must be .* to 9\.\n--kind must be one of gin, rum\.\nUsage: /],
    ["minibar count a --kind", /^Option '--kind <kind>' argument missing\nUsage: /],
    [
      "minibar refuse --usage",
      /^Name a bottle\.\nUsage: keyrack minibar refuse \[options\]\nRun `keyrack minibar refuse --help`/,
    ],
    ["jobs retry 7", /^<job_id> must be a UUID\.\nUsage: keyrack jobs retry \[options\] \[job_id\]\n/],
    ["jobs retry", /^Name one job, or --dead\.\nUsage: /],
    ["minibar", /^Usage: keyrack minibar \[options\] \[command\]\n[^]*count <shelf>/],
    ["--verbose", /^Unknown option '--verbose'\nUsage: keyrack /],
    ["completion tcsh", /^<shell> must be one of bash, zsh, fish\.\nUsage: /],
  ];
  for (const [words, expected] of wrongCalls) {
    it(`The call \`${words}\` ends with exit code 2 and the usage on standard error`, async () => {
      const { code, out, err } = await fixture.call(words.split(" "));
      expect({ code, out }, err).to.deep.equal({ code: 2, out: "" });
      expect(err).to.match(expected);
    });
  }

  it("A command that throws an error ends with exit code 1 and one sentence", async () => {
    expect(await fixture.call(["minibar", "refuse"])).to.deep.equal({ code: 1, out: "", err: "The bar is closed.\n" });
  });

  it("The help names a plugin whose commands do not load, and lists the commands of the others", async () => {
    await fixture.writePlugin("broken", "export const commands = {");
    await fixture.writePlugin("odd", 'export const commands = { list: { summary: "List", options: { all: 1 } } };');
    await fixture.writePlugin("jobs", "export const commands = {};");
    const { code, out, err } = await fixture.call(["--help"]);
    expect(out)
      .to.match(/^ {2}minibar count /m)
      .and.match(/^ {2}jobs dead /m);
    expect(err.trimEnd().split("\n"), err).to.have.length(4);
    expect(err)
      .to.match(/^The plugin in \S+broken does not load: .* Remedy: /m)
      .and.match(/^The command odd list: options\.all .* Remedy: /m)
      .and.match(/^The command odd list: run .* Remedy: /m)
      .and.match(/^The plugin jobs has commands, and "jobs" is a word of the core's\. Remedy: rename the plugin\.$/m);
    expect(code).to.equal(1);
    expect(await fixture.call(["odd", "list"])).to.deep.include({ code: 1, out: "" });
    expect((await fixture.call(["minibar", "print", "--help"])).code).to.equal(0);
  });

  it("The process ends with 0, 1 or 2, with the answer on standard output and faults on standard error", async () => {
    const words = [
      ["minibar", "count", "a"],
      ["minibar", "refuse"],
      ["minibar", "count"],
    ];
    const [done, refused, wrong] = await Promise.all(words.map((call) => runCli(fixture.variables, ...call)));
    expect(done).to.deep.include({ code: 0, err: "" });
    expect(JSON.parse(done?.out ?? "")).to.have.nested.property("args.shelf", "a");
    expect(refused).to.deep.equal({ code: 1, out: "", err: "The bar is closed.\n" });
    expect(wrong).to.deep.include({ code: 2, out: "" });
    expect(wrong?.err).to.include("Usage: keyrack minibar count");
  });

  for (const [signal, expected] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    it(`The process ends with ${expected} after a ${signal}`, async () => {
      const env = { PATH: processVariables()["PATH"], ...fixture.variables };
      const child = spawn(process.execPath, ["--import", "tsx", cliProgram, "minibar", "wait"], {
        env,
        stdio: ["ignore", "pipe", "inherit"],
      });
      try {
        const [line] = (await once(child.stdout, "data")) as [Buffer];
        expect(line.toString()).to.equal("waiting\n");
        child.kill(signal);
        expect(await once(child, "exit")).to.deep.equal([expected, null]);
      } finally {
        child.kill("SIGKILL");
      }
    });
  }

  it("The package's command `keyrack` runs in any folder", async () => {
    const keyrack = path.join(import.meta.dirname, "..", "..", "bin", "keyrack.js");
    const child = spawn(process.execPath, [keyrack, "minibar", "refuse"], {
      cwd: fixture.folder,
      env: { PATH: processVariables()["PATH"], ...fixture.variables },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const chunks: Buffer[] = [];
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    expect(await once(child, "close")).to.deep.equal([1, null]);
    expect(Buffer.concat(chunks).toString()).to.equal("The bar is closed.\n");
  });
});
