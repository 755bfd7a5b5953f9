import { expect } from "chai";

import { tableOf } from "./permissions.ts";

describe("the table of permissions", () => {
  it("shows what could repaint it or forge a line of it as escapes", () => {
    const manifest = {
      id: "spa",
      summary: "Pools\u001b[2J\u202e\n  env       nothing",
      permissions: { net: ["evil.example\u001b[31m"] },
    };
    const text = tableOf([{ manifest }], []);
    expect(text).not.to.match(/[^\n\P{Cc}]|\u202e/u);
    expect(text).to.include("\nspa: Pools\\u001b[2J\\u202e\\u000a  env       nothing\n");
    expect(text).to.include("\n  net       evil.example\\u001b[31m\n");
  });
});
