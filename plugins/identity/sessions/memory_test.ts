import { expect } from "chai";

import type { IdentityContext } from "../context.ts";
import { createSessions, type LiveSession } from "./sessions.ts";
import { createAccessTokens } from "./tokens.ts";

const tokens = createAccessTokens(["a-secret-of-a-test-a-secret-of-a-test"]);
const manager: LiveSession = { username: "anna", must_change_password: false, role: "manager" };
const receptionist: LiveSession = { username: "anna", must_change_password: false, role: "receptionist" };

/** Sessions on a database that answers when it is told to. */
function slowSessions() {
  const looks: ((rows: readonly LiveSession[]) => void)[] = [];
  const db = { tenant: () => new Promise((resolve) => looks.push(resolve)) };
  const sessions = createSessions({ db } as unknown as IdentityContext, tokens);
  return { looks, sessions, find: (user = "anna") => sessions.find("hotel", "session", user) };
}

describe("what a process remembers of a session", () => {
  it("is looked up once for many calls", async () => {
    const { looks, find } = slowSessions();
    const first = find();
    looks[0]?.([manager]);
    expect(await first).to.equal(manager);
    expect(await find()).to.equal(manager);
    expect(looks.length).to.equal(1);
  });

  it("is looked up anew once it is forgotten, for that user alone", async () => {
    const { looks, sessions, find } = slowSessions();
    const [anna, ben] = [find(), find("ben")];
    for (const look of looks) look([manager]);
    await Promise.all([anna, ben]);
    sessions.forget("hotel", "anna");
    expect(await find("ben")).to.equal(manager);
    expect(looks.length).to.equal(2);
    const again = find();
    looks[2]?.([receptionist]);
    expect(await again).to.equal(receptionist);
  });

  it("is not what a look saw that began before it was forgotten", async () => {
    const { looks, sessions, find } = slowSessions();
    const early = find();
    sessions.forget("hotel", "anna");
    looks[0]?.([manager]);
    expect(await early).to.equal(manager);
    const late = find();
    looks[1]?.([receptionist]);
    expect(await late).to.equal(receptionist);
  });
});
