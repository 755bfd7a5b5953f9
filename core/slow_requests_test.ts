import { expect } from "chai";
import { connect } from "node:net";

import { startTestPlatform, type TestPlatform } from "../testing/platform.ts";
import { boot } from "./boot.ts";
import { serve, type WebServer } from "./serve.ts";

describe("a request that never ends", () => {
  let platform: TestPlatform;
  let web: WebServer;
  before(async () => {
    platform = await startTestPlatform({ worker: false });
    const limits = { headersMs: 400, wholeMs: 800, checkMs: 50 };
    web = await serve(await boot("web", platform.variables), limits);
  });
  after(async () => {
    await web.close();
    await platform.close();
  });

  /** Sends a text and then a byte every 100 ms, until the server ends the connection. @returns the answer */
  const drip = (head: string): Promise<string> =>
    new Promise((resolve) => {
      let answer = "";
      const socket = connect(web.port, "127.0.0.1", () => socket.write(head));
      const dripping = setInterval(() => socket.write("a"), 100);
      socket.setEncoding("utf8").on("data", (text: string) => {
        answer += text;
      });
      socket.on("error", () => undefined);
      socket.once("close", () => {
        clearInterval(dripping);
        resolve(answer);
      });
    });

  it("The server ends a request whose body arrives one byte at a time", async () => {
    const head =
      "POST /auth/token HTTP/1.1\r\nHost: desk\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{";
    expect(await drip(head)).to.match(/^HTTP\/1\.1 408 /);
  });

  it("The server ends a request whose headers arrive one byte at a time", async () => {
    expect(await drip("POST /auth/token HTTP/1.1\r\nHost: desk\r\nX-Long: ")).to.match(/^HTTP\/1\.1 408 /);
  });
});
