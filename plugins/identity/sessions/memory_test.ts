import { expect } from "chai";

import type { IdentityContext } from "../context.ts";
import { createSessions, type LiveSession } from "./sessions.ts";
import { createAccessTokens } from "./tokens.ts";

const tokens = createAccessTokens(["a-secret-of-a-test-a-secret-of-a-test"]);
const manager: LiveSession = {
  username: "anna",
  role: "manager",
  must_change_password: false,
  is_stale: false,
  is_locked: false,
  has_pin: false,
};
const receptionist: LiveSession = { ...manager, role: "receptionist" };

/** Runs sessions on a database that answers when the test lets it. */
function slowSessions() {
  const looks: ((rows: readonly LiveSession[]) => void)[] = [];
  const db = { tenant: () => new Promise((resolve) => looks.push(resolve)) };
  const sessions = createSessions({ db } as unknown as IdentityContext, tokens);
  return { looks, sessions, find: (user = "anna") => sessions.find("hotel", "session", user) };
}

describe("The session cache of a process", () => {
  it("One lookup serves many calls", async () => {
    const { looks, find } = slowSessions();
    const first = find();
    looks[0]?.([manager]);
    expect(await first).to.equal(manager);
    expect(await find()).to.equal(manager);
    expect(looks.length).to.equal(1);
  });

  it("A removed session is looked up again, for that user alone", async () => {
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

  it("A lookup that began before the removal is not cached", async () => {
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
