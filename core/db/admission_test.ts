import { expect } from "chai";

import type { Problem } from "../errors.ts";
import { type Admission, createAdmission } from "./admission.ts";

/** Lets all that is resolved go on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("the admission to a pool of connections", () => {
  /** The requests that the watched admissions let in and that have not left yet. */
  const inside: (() => void)[] = [];
  // A request that still waits keeps its timer, and mocha alive, for a minute.
  afterEach(async () => {
    while (inside.length > 0) {
      for (const leave of inside.splice(0)) leave();
      await settle();
    }
  });

  /** Enters, and notes who runs in which order. */
  function watch(admission: Admission) {
    const started: string[] = [];
    const leaves = new Map<string, (() => void)[]>();
    const enter = (key: string): void => {
      void admission.enter(key === "all" ? undefined : key).then((leaveOnce) => {
        let left = false;
        const leave = (): void => {
          if (!left) leaveOnce();
          left = true;
        };
        inside.push(leave);
        started.push(key);
        leaves.set(key, [...(leaves.get(key) ?? []), leave]);
      });
    };
    const leave = async (key: string): Promise<void> => {
      leaves.get(key)?.shift()?.();
      await settle();
    };
    return { started, enter, leave };
  }

  it("A hotel's first request gets the next connection, however many of another hotel wait", async () => {
    const { started, enter, leave } = watch(createAdmission({ size: 5, waitMs: 60_000 }));
    for (let one = 0; one < 200; one += 1) enter("a");
    enter("c");
    await settle();
    expect(started).to.deep.equal(["a", "a", "a", "a", "c"]);
    enter("b");
    await leave("a");
    expect(started.at(-1)).to.equal("b");
    await leave("b");
    // Then the connections are back with the hotel that waits.
    expect(started.slice(-2)).to.deep.equal(["b", "a"]);
  });

  it("One hotel leaves a fifth of the connections to others, and a small pool leaves none", async () => {
    for (const [size, most] of [
      [10, 8],
      [5, 4],
      [4, 4],
      [1, 1],
    ] as const) {
      const { started, enter } = watch(createAdmission({ size, waitMs: 60_000 }));
      for (let one = 0; one < 20; one += 1) enter("a");
      await settle();
      expect(started, String(size)).to.have.length(most);
      enter("b");
      await settle();
      expect(started.includes("b"), String(size)).to.equal(most < size);
    }
  });

  it("Hotels that all wait get equal shares", async () => {
    const { started, enter, leave } = watch(createAdmission({ size: 6, waitMs: 60_000 }));
    for (let one = 0; one < 50; one += 1) enter("a");
    for (let one = 0; one < 50; one += 1) enter("b");
    for (let one = 0; one < 50; one += 1) enter("c");
    await settle();
    for (let round = 0; round < 60; round += 1) await leave(started[round] ?? "");
    const last = started.slice(-30);
    for (const key of ["a", "b", "c"])
      expect(last.filter((one) => one === key).length, `${key} of the last 30`).to.be.within(8, 12);
  });

  it("Work for all hotels goes first, for half of the connections", async () => {
    const { started, enter, leave } = watch(createAdmission({ size: 4, waitMs: 60_000 }));
    for (let one = 0; one < 10; one += 1) enter("a");
    await settle();
    for (let one = 0; one < 10; one += 1) enter("all");
    for (let one = 0; one < 3; one += 1) await leave("a");
    expect(started.slice(4)).to.deep.equal(["all", "all", "a"]);
  });

  it("A request that waits too long is refused with 503 and Retry-After, and is forgotten", async () => {
    const admission = createAdmission({ size: 1, waitMs: 30 });
    const leave = await admission.enter("a");
    const refusal = (await admission.enter("b").catch((error: unknown) => error)) as Problem;
    expect([refusal.code, refusal.headers]).to.deep.equal(["SERVICE_UNAVAILABLE", { "Retry-After": "2" }]);
    expect(admission.state()).to.deep.equal({ running: 1, waiting: 0, refused: 1 });
    leave();
    expect(admission.state().running).to.equal(0);
    (await admission.enter("c"))();
  });

  it("Requests of one hotel are served in the order in which they came", async () => {
    const admission = createAdmission({ size: 1, waitMs: 60_000 });
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, async (_, at) => {
        const leave = await admission.enter("a");
        order.push(at);
        await settle();
        leave();
      }),
    );
    expect(order).to.deep.equal(Array.from({ length: 20 }, (_, at) => at));
    expect(admission.state()).to.deep.equal({ running: 0, waiting: 0, refused: 0 });
  });
});
