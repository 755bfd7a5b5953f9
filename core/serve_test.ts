import { expect } from "chai";
import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { fixturePlugins, logIn, startTestPlatform, type TestPlatform, testWebhookSecret } from "../testing/platform.ts";
import { processVariables } from "./config/env.ts";
import { TestClient } from "../testing/client.ts";
import { testSecret } from "../testing/postgres.ts";

describe("a web process", () => {
  let platform: TestPlatform;
  let child: ChildProcess;
  let client: TestClient;
  let output: string;
  before(async () => {
    platform = await startTestPlatform({ worker: false, variables: { PLUGIN_PATH: fixturePlugins } });
  });
  after(() => platform.close());
  beforeEach(async () => {
    const env = { PATH: processVariables()["PATH"], ...platform.variables, LOG_LEVEL: "trace" };
    const args = ["--import", "tsx", path.join(import.meta.dirname, "..", "bin", "web.ts")];
    child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe", "ipc"] });
    output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    const { port } = await new Promise<{ port: number }>((resolve, reject) => {
      child.once("message", (message) => resolve(message as { port: number }));
      child.once("exit", () => reject(new Error(output)));
    });
    client = new TestClient(`http://127.0.0.1:${port}`);
  });
  afterEach(() => {
    child.kill("SIGKILL");
  });

  const exitCode = () => new Promise<number | null>((resolve) => child.once("exit", resolve));

  it("The process answers the requests in flight after SIGTERM, and then ends", async () => {
    const answer = client.get("/probe/slow");
    await sleep(300);
    const ended = exitCode();
    child.kill("SIGTERM");
    expect((await answer).body).to.deep.equal({ slow: true });
    expect(await ended).to.equal(0);
  });

  it("The process removes its own variables from the environment, so that a plugin can't read them", async () => {
    const { names } = (await client.get("/probe/environment")).body as { names: string[] };
    expect(names).to.include("PATH");
    expect(names.filter((name) => name in platform.variables && name !== "NODE_ENV")).to.deep.equal([]);
  });

  it("The process ends after the process that started it", async () => {
    const ended = exitCode();
    child.disconnect();
    expect(await ended).to.equal(0);
  });

  it("The most detailed log has every request and no secret", async () => {
    const password = "correct-horse-battery";
    const hotel = { name: "Loud", username: "loud.manager", password, time_zone: "Europe/Berlin", currency: "EUR" };
    expect((await client.post("/hotels/", hotel)).status).to.equal(201);
    await client.post("/hotels/", hotel);
    const token = await logIn(client, hotel.username, password);
    await client.get("/hotels/me", { token });
    await client.get("/hotels/me", { token: "a.b.c" });
    const headers = { "content-type": "application/json", "stripe-signature": "t=1,v1=5ec7e7" };
    await client.post("/billing/webhook", "{}", { headers });
    const ended = exitCode();
    child.kill("SIGTERM");
    await ended;
    expect(output).to.match(/"route":"\/hotels\/me","status":200/);
    expect(output).to.match(/"route":"\/billing\/webhook","status":400/);
    const databasePassword = new URL(platform.databaseUrl).password;
    for (const secret of [password, token, testSecret, testWebhookSecret, databasePassword, "5ec7e7", "$argon2"]) {
      expect(output.includes(secret), `The log contains ${secret}.`).to.equal(false);
    }
  });
});
