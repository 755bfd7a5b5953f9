import { expect } from "chai";

import type { Logger } from "../process/log.ts";
import { logByKind } from "./log_by_kind.ts";

describe("errors that come in floods", () => {
  it("Each kind is logged once in ten seconds, and the next line says how many were left out", () => {
    const lines: { message: string; leftOut: unknown }[] = [];
    const warn = ((fields: { err: Error; left_out?: number }) =>
      lines.push({ message: fields.err.message, leftOut: fields.left_out })) as unknown as Logger["warn"];
    let now = 0;
    const report = logByKind({ warn }, "out of reach", () => now);
    const refused = (port: number) => Object.assign(new Error(`connect refused ${port}`), { code: "ECONNREFUSED" });
    for (let each = 0; each < 1000; each += 1) report(new Error("OOM command not allowed"));
    report(refused(1));
    report(refused(2));
    now = 9_999;
    report(new Error("OOM command not allowed"));
    now = 10_000;
    report(new Error("OOM command not allowed"));
    report(refused(3));
    expect(lines).to.deep.equal([
      { message: "OOM command not allowed", leftOut: undefined },
      { message: "connect refused 1", leftOut: undefined },
      { message: "OOM command not allowed", leftOut: 1000 },
      { message: "connect refused 3", leftOut: 1 },
    ]);
  });
});
