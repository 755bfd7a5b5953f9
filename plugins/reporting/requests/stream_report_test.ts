import { expect } from "chai";
import pino from "pino";

import type { Database } from "../../../core/db/database.ts";
import { Problem } from "../../../core/errors.ts";
import { csvOpener } from "./stream_report.ts";

describe("the reports of a process that open at the same time", () => {
  it("Three reports open at a time, a hundred wait, and one more answers 429 TOO_MANY_REPORTS", async () => {
    const running: ((error: Error) => void)[] = [];
    const snapshot: Database["snapshot"] = () =>
      new Promise((_, reject) => {
        running.push(reject);
      });
    const refuse = () => Promise.reject(new Error("A report reads a snapshot."));
    const db: Database = { snapshot, tenant: refuse, crossTenant: refuse };
    const openCsv = csvOpener({ db, log: pino({ level: "silent" }) });
    const open = (): Promise<unknown> =>
      openCsv("hotel", { kind: "bookings", request: {} }).catch((error: unknown) => error);
    const opened = Array.from({ length: 103 }, open);

    const refused = await open();
    expect(refused).to.be.instanceOf(Problem);
    const { code, status, headers } = refused as Problem;
    expect([code, status, headers]).to.deep.equal(["TOO_MANY_REPORTS", 429, { "Retry-After": "10" }]);
    expect(running).to.have.length(3);

    // When one ends, the next begins and another one can wait.
    running.shift()?.(new Error("ended"));
    expect(await opened[0]).to.have.property("message", "ended");
    await new Promise(setImmediate);
    expect(running).to.have.length(3);
    opened.push(open());
    expect(await open()).to.have.property("code", "TOO_MANY_REPORTS");

    let ended = 1;
    for (; running.length > 0; ended += 1) {
      running.shift()?.(new Error("ended"));
      await new Promise(setImmediate);
    }
    expect(ended).to.equal(104);
    const messages = (await Promise.all(opened)).map((error) => (error as Error).message);
    expect(new Set(messages)).to.deep.equal(new Set(["ended"]));
  });
});
