import { expect } from "chai";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";

import { createFairQueue } from "./fair_queue.ts";

const share = () => new Error("share");
const full = () => new Error("full");

/** A queue, and what was done in it, in its order. Each piece of work takes one turn of the event loop. */
function watchedQueue(settings: Parameters<typeof createFairQueue>[0]) {
  const done: string[] = [];
  const inTurn = createFairQueue(settings, { share, full });
  const ask = (key: string, reserved = false): Promise<string> =>
    inTurn({ key, reserved }, async () => {
      await turnOfTheLoop();
      done.push(key);
      return "done";
    }).catch((error: unknown) => (error as Error).message);
  return { done, ask, inTurn };
}

describe("the queue in which everybody has a turn", () => {
  it("lets a newcomer pass whoever has many in it", async () => {
    const { done, ask } = watchedQueue({ lanes: 1, most: 20, mostOfOne: 10, mostUnreserved: 20 });
    const all = [...Array.from({ length: 6 }, () => ask("a")), ask("b"), ask("b"), ask("c", true)];
    expect(await Promise.all(all)).to.deep.equal(all.map(() => "done"));
    // The first of a's runs at once, the second is first in the queue; then the others have their turns.
    expect(done.join("")).to.equal("aabcabaaa");
  });

  it("has no more than a share of it for anyone", async () => {
    const { ask } = watchedQueue({ lanes: 1, most: 20, mostOfOne: 3, mostUnreserved: 20 });
    const ofOne = Array.from({ length: 6 }, () => ask("a"));
    expect(await Promise.all([...ofOne, ask("b")])).to.deep.equal([
      "done",
      "done",
      "done",
      "done",
      "share",
      "share",
      "done",
    ]);
  });

  it("keeps room for the reserved kind that the other can't fill, whoever asks", async () => {
    const { ask } = watchedQueue({ lanes: 1, most: 4, mostOfOne: 4, mostUnreserved: 2 });
    const others = ["a", "b", "c", "d", "e"].map((key) => ask(key));
    const reserved = ["a", "b", "c"].map((key) => ask(key, true));
    expect(await Promise.all(others)).to.deep.equal(["done", "done", "done", "full", "full"]);
    expect(await Promise.all(reserved)).to.deep.equal(["done", "done", "full"]);
  });

  it("runs so many at a time, and goes on after work that failed", async () => {
    const { ask, inTurn } = watchedQueue({ lanes: 2, most: 20, mostOfOne: 20, mostUnreserved: 20 });
    let running = 0;
    let mostAtATime = 0;
    const failing = Array.from({ length: 7 }, () =>
      inTurn({ key: "a", reserved: false }, async () => {
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
