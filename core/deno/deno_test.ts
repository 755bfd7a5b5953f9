/** Runs the processes on Deno with exactly the permissions of the manifests: enough for the main job, and no more. */
import { expect } from "chai";
import { parse } from "csv-parse/sync";
import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import { walkThrough } from "../../examples/walk_through.ts";
import { onBothStores, testWebhookSecret } from "../../testing/platform.ts";
import { findAllPlugins } from "../boot.ts";
import { processVariables } from "../config/env.ts";
import { migrateDatabase } from "../migrate_database.ts";
import { type Processes, type Program, readProcfile, startLines, startProcfile } from "../process/procfile.ts";
import { TestClient } from "../../testing/client.ts";
import { createTestDatabase, type TestDatabase, testSecret } from "../../testing/postgres.ts";
import { startRedis, type TestRedis } from "../../testing/redis.ts";
import { denoArgs, denoCommands, denoProgram, findDeno } from "./command.ts";
import { nativeLibraries, root } from "./core_needs.ts";
import { denoJsonText, faultsOfDenoJson, findPlugins, procfile, staticProcesses } from "./deno_json.ts";
import { type Outcomes, type Targets, unnamedVariable } from "./testing/attempts.ts";

const run = promisify(execFile);
const deno = findDeno();
const fixturePlugins = path.join(import.meta.dirname, "testing", "fixture_plugins");
const probe = "core/deno/testing/probe.ts";

/** Arguments that allow everything. Without Deno's restrictions every attempt must succeed. */
const unrestricted = ["run", "-A", "--quiet", "--no-lock", "--node-modules-dir=manual"];

/** Deno's messages of a refusal, and ours for the refusals without a message. */
const refusal = new RegExp(
  [
    /[Rr]equires (read|write|net|run|ffi|sys|import|unscoped|a person)\b|EPERM|EACCES|--no-remote is specified/,
    /Reads as not set|No program ran|Is not there|No worker is started/,
  ]
    .map(({ source }) => source)
    .join("|"),
);

describe("the permission sets", () => {
  it("The committed deno.json has the permissions of the manifests", async () => {
    const text = denoJsonText(staticProcesses(await findPlugins({}), {}));
    expect(faultsOfDenoJson(text)).to.deep.equal([]);
  });

  it("A manifest with one more permission makes deno.json stale, and the fault names the remedy", async () => {
    const plugins = await findPlugins({});
    const more = plugins.map((plugin) => ({
      ...plugin,
      manifest: { ...plugin.manifest, permissions: { ...plugin.manifest.permissions, net: ["more.example.com"] } },
    }));
    expect(faultsOfDenoJson(denoJsonText(staticProcesses(more, {}))).join()).to.match(/npm run permissions -- --write/);
  });

  it("A process gets no permission of a plugin that does not run in it", async () => {
    const processes = staticProcesses(await findPlugins({}), {});
    const values = (name: string, kind: "env" | "net" | "write"): string[] =>
      processes.find((one) => one.name === name)?.set[kind].map(({ value }) => value) ?? [];
    expect(values("web", "env")).to.include("STRIPE_API_KEY").and.not.include("REDIS_URL");
    expect(values("reports", "env")).to.include("REDIS_URL").and.not.include("STRIPE_API_KEY");
    expect(values("reports", "net")).to.not.include("api.stripe.com:443");
    expect(values("web", "net")).to.include("api.stripe.com:443").and.not.include("127.0.0.1:6379");
    expect(values("worker", "write")).to.deep.equal([]);
  });
});

(deno === undefined ? describe.skip : describe)(
  `on Deno${deno === undefined ? " (skipped: no deno runs here)" : ""}`,
  function () {
    this.timeout(60_000);
    const program = deno as string;
    let folder: string;
    let other: Server;
    let targets: Targets;
    /** The same targets, all on this machine. */
    let near: Targets;
    const opened: (() => Promise<unknown>)[] = [];

    before(async () => {
      folder = await realpath(await mkdtemp(path.join(os.tmpdir(), "keyrack-deno-")));
      other = createServer((_, response) => {
        response.setHeader("content-type", "text/javascript").end("export default 1;");
      });
      const libraries = nativeLibraries.flatMap(({ files }) => files.map((file) => path.join(root, file)));
      const present = await Promise.all(
        libraries.map((file) =>
          access(file).then(
            () => [file],
            () => [],
          ),
        ),
      );
      targets = {
        port: await listen(other),
        trusted: "https://esm.sh",
        file: path.join(folder, "secret.js"),
        newFile: path.join(folder, "new"),
        ownFolder: path.join(folder, "data", "evil"),
        library: present.flat()[0] ?? "",
      };
      near = { ...targets, trusted: `http://127.0.0.1:${targets.port}` };
      await writeFile(targets.file, "export default 1;");
      await mkdir(targets.ownFolder, { recursive: true });
    });
    afterEach(async () => {
      for (const close of opened.splice(0).reverse()) await close();
    });
    after(async () => {
      await new Promise((resolve) => other.close(resolve));
      await rm(folder, { recursive: true, force: true });
    });

    async function freshVariables(redis?: TestRedis): Promise<Record<string, string>> {
      const database: TestDatabase = await createTestDatabase();
      opened.push(() => database.drop());
      const { PATH = "", HOME = "" } = processVariables();
      return {
        PATH,
        HOME,
        NODE_ENV: "test",
        DATABASE_URL: database.url,
        SECRET_KEY: testSecret,
        STRIPE_WEBHOOK_SECRET: testWebhookSecret,
        DATA_DIR: path.join(folder, "data"),
        PORT: "0",
        HOST: "127.0.0.1",
        LOG_LEVEL: processVariables()["TEST_LOG_LEVEL"] ?? "silent",
        SIGN_UPS_PER_HOUR: "10000",
        LOGINS_PER_MINUTE: "10000",
        USER_REQUESTS_PER_MINUTE: "1000000",
        ADDRESS_REQUESTS_PER_MINUTE: "1000000",
        [unnamedVariable]: "a secret",
        ...(redis === undefined ? {} : { REDIS_URL: redis.url }),
      };
    }

    async function addressOf(starting: Promise<Processes>): Promise<string> {
      const processes = await starting;
      opened.push(() => processes.close());
      return `http://127.0.0.1:${processes.port}`;
    }

    async function freePort(): Promise<number> {
      const taken = createServer();
      const port = await listen(taken);
      await new Promise((resolve) => taken.close(resolve));
      return port;
    }

    async function listen(server: Server): Promise<number> {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const address = server.address();
      return typeof address === "object" && address !== null ? address.port : 0;
    }

    function expectAll(outcomes: Outcomes, expected: RegExp): void {
      expect(Object.keys(outcomes)).to.have.length.greaterThan(20);
      expect(Object.entries(outcomes).filter(([, outcome]) => !expected.test(outcome))).to.deep.equal([]);
    }

    onBothStores("the main job", (store) => {
      it("The walk-through runs from end to end with exactly the permissions of the manifests", async () => {
        const redis = store === "redis" ? await startRedis() : undefined;
        if (redis !== undefined) opened.push(() => redis.stop());
        const commands = await denoProgram(program, await freshVariables(redis), findAllPlugins);
        const address = await addressOf(startProcfile(procfile, commands));
        const result = await walkThrough({ address, webhookSecret: testWebhookSecret, print: () => undefined });
        expect(parse(result.csv, { columns: true })).to.have.length(1);
        expect(result.validTo[0]).to.not.equal(result.validTo[1]);
        for (const file of ["/docs/swagger-ui.css", "/openapi.json", "/metrics"])
          expect((await new TestClient(address).get(file)).status, file).to.equal(200);
      });
    });

    describe("a program with the web process's permissions", () => {
      const outcomesWith = async (args: readonly string[], aim = targets): Promise<Outcomes> => {
        const { PATH, HOME } = processVariables();
        const env = { PATH, HOME, [unnamedVariable]: "a secret" };
        const { stdout } = await run(program, [...args, JSON.stringify(aim)], { cwd: root, env });
        return JSON.parse(stdout) as Outcomes;
      };

      it("Deno refuses every attempt outside the permissions that its flags name", async () => {
        const [web] = staticProcesses(await findPlugins({}), {});
        if (web === undefined) throw new Error("The Procfile has no line.");
        expectAll(await outcomesWith(denoArgs(web.set, probe)), refusal);
      });

      it("Deno refuses the same attempts with the permissions of deno.json", async () => {
        const args = ["run", "--quiet", "--no-prompt", "-P=web", "--preload=core/deno/preload.ts", probe];
        expectAll(await outcomesWith(args), refusal);
      });

      it("Without Deno's restrictions every attempt succeeds", async () => {
        expectAll(await outcomesWith([...unrestricted, probe], near), /^done$/);
      });
    });

    describe("a malicious plugin", () => {
      const outcomesIn = async (change: (program: Program) => Program, aim = targets): Promise<Outcomes> => {
        // The port is not 0, because 0 would allow the plugin to listen on any free port.
        const variables = { ...(await freshVariables()), PLUGIN_PATH: fixturePlugins, PORT: String(await freePort()) };
        await migrateDatabase(variables);
        const commands = change(denoCommands(program, await findPlugins(variables), variables));
        const web = readProcfile(procfile).filter(({ name }) => name === "web");
        const client = new TestClient(await addressOf(startLines(web, root, commands)));
        const { status, body, text } = await client.post("/evil", aim);
        expect(status, text).to.equal(200);
        return body as Outcomes;
      };

      it("The launcher does not start a plugin before a person approved its permissions", async () => {
        const variables = { ...(await freshVariables()), PLUGIN_PATH: fixturePlugins };
        const error = await denoProgram(program, variables, findAllPlugins).catch((reason: unknown) => reason);
        expect(String(error)).to.match(/deno\.json is not what the manifests add up to.*npm run permissions/);
      });

      it("Deno refuses every attempt of the plugin in the real web process", async () => {
        expectAll(await outcomesIn((commands) => commands), refusal);
      });

      it("Without Deno's restrictions only the attempts on variables fail, since the process hides them", async () => {
        const open =
          (commands: Program): Program =>
          async (line) => ({
            ...(await commands(line)),
            args: [...unrestricted, line.args.at(-1) ?? ""],
          });
        const {
          "read a variable that no manifest names": read,
          "list the variables": list,
          ...others
        } = await outcomesIn(open, near);
        expect([read, list]).to.deep.equal(["Reads as not set.", "Reads as not set."]);
        expectAll(others, /^done$/);
      });
    });
  },
);
