import { expect } from "chai";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";

import { createFairQueue } from "./fair_queue.ts";

const share = () => new Error("share");
const full = () => new Error("full");

type Kind = "known" | "stranger";
const most = { known: 20, stranger: 20 };

/** A queue, and the work that it ran, in order. Each piece of work takes one turn of the event loop. */
function watchedQueue(lanes: number, mostOf: Readonly<Record<Kind, number>> = most, mostOfOne = 20) {
  const done: string[] = [];
  const inTurn = createFairQueue<Kind>({ lanes, most: mostOf, first: "known" }, { share, full });
  /** `a1` is the request 1 of the group a. */
  const ask = (name: string, kind: Kind = "stranger"): Promise<string> => {
    const line = name.charAt(0);
    const shares = [
      { key: name, most: mostOfOne },
      { key: line, most: mostOfOne + 1 },
    ];
    return inTurn({ kind, line, shares }, async () => {
      await turnOfTheLoop();
      done.push(line);
      return "done";
    }).catch((error: unknown) => (error as Error).message);
  };
  return { done, ask, inTurn };
}

describe("The queue that takes turns between groups", () => {
  it("A newcomer overtakes a group with many waiting requests", async () => {
    const { done, ask } = watchedQueue(1);
    const all = [...Array.from({ length: 6 }, () => ask("a")), ask("b"), ask("b"), ask("c")];
    expect(await Promise.all(all)).to.deep.equal(all.map(() => "done"));
    // The first of a's requests runs at once, the second is first in the queue, and then the others take turns.
    expect(done.join("")).to.equal("aabcabaaa");
  });

  it("The first kind gets three turns of four while it has waiting work, and the others the rest", async () => {
    const { done, ask } = watchedQueue(1);
    const strangers = ["a", "b", "c", "d", "e"].map((name) => ask(name));
    const known = ["v", "w", "x", "y", "z"].map((name) => ask(name, "known"));
    await Promise.all([...strangers, ...known]);
    expect(done.join("")).to.equal("avwxbyzcde");
  });

  it("No group has more waiting than its share, whether it is one address or the network around many", async () => {
    const { ask } = watchedQueue(1, most, 2);
    const running = ask("z");
    const ofOne = Array.from({ length: 3 }, () => ask("a1"));
    const around = ["a2", "a3"].map((name) => ask(name));
    expect(await Promise.all([...ofOne, ...around, ask("b1"), running])).to.deep.equal([
      "done",
      "done",
      "share",
      "done",
      "share",
      "done",
      "done",
    ]);
    // Completed work frees its place for others.
    expect(await ask("a1")).to.equal("done");
  });

  it("One kind keeps its own places while the other asks for many", async () => {
    const { ask } = watchedQueue(1, { known: 2, stranger: 3 });
    const strangers = ["a", "b", "c", "d", "e", "f"].map((name) => ask(name));
    const known = ["v", "w", "x"].map((name) => ask(name, "known"));
    expect(await Promise.all(strangers)).to.deep.equal(["done", "done", "done", "done", "full", "full"]);
    expect(await Promise.all(known)).to.deep.equal(["done", "done", "full"]);
  });

  it("It runs a fixed number at a time, and continues after failed work", async () => {
    const { ask, inTurn } = watchedQueue(2);
    let running = 0;
    let mostAtATime = 0;
    const failing = Array.from({ length: 7 }, () =>
      inTurn({ kind: "stranger", line: "a", shares: [] }, async () => {
        running += 1;
        mostAtATime = Math.max(mostAtATime, running);
        await turnOfTheLoop();
        running -= 1;
        throw new Error("it failed");
      }).catch((error: unknown) => (error as Error).message),
    );
    expect(new Set(await Promise.all(failing))).to.deep.equal(new Set(["it failed"]));
    expect(mostAtATime).to.equal(2);
    expect(await Promise.all([ask("a"), ask("b"), ask("c")])).to.deep.equal(["done", "done", "done"]);
  });
});
