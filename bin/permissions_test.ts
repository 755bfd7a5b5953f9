import { expect } from "chai";

import { tableOf } from "./permissions.ts";

describe("The table of permissions", () => {
  it("Control characters of a manifest appear as escapes, so they can't repaint the table or forge a line", () => {
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
