/**
 * Tests billing under faults, with real processes on both queue stores. `npm run test:faults` runs it at full
 * size. A plain `npm test` runs the same with smaller numbers. Each fault hits the two stores at the same time.
 */
import { expect } from "chai";
import { setTimeout as sleep } from "node:timers/promises";

import { processVariables } from "../core/config/env.ts";
import { hasRedisServer } from "../testing/redis.ts";
import type { StoreKind } from "../testing/platform.ts";
import { audit } from "./audit.ts";
import { planDeliveries } from "./events.ts";
import { type FaultyPostgres, startFaultyPostgres } from "./postgres.ts";
import { Sender, type SendOptions } from "./sender.ts";
import { type Site, startSite } from "./site.ts";
import { printTable, remember, type Result } from "./table.ts";

const full = processVariables()["FAULTS"] === "full";
const size = <T>(atFull: T, small: T): T => (full ? atFull : small);
const stores: readonly StoreKind[] = hasRedisServer() ? ["postgresql", "redis"] : ["postgresql"];

const settings = {
  workerKills: size(20, 2),
  workerDeliveries: size(2_000, 200),
  webKills: size(10, 2),
  webDeliveries: size(5_000, 800),
  flushes: size(3, 2),
  flushDeliveries: size(1_500, 150),
  redisGoneMs: size(60_000, 8_000),
  restarts: size(5, 2),
  restartDeliveries: size(2_000, 300),
  drainWithinMs: 90_000,
};

interface Scenario {
  readonly fault: string;
  readonly deliveries: number;
  readonly load: SendOptions;
  readonly faults: number;
  /** The number of waves, each at full speed and with a fault. Default: one wave. */
  readonly waves?: number;
  /** Injects the fault while the load runs. @returns the number of faults */
  readonly inject: (site: Site, wave: number) => Promise<number>;
}

describe(`Billing under faults (${full ? "full" : "small"} size)`, () => {
  let postgres: FaultyPostgres;
  let sites: readonly Site[] = [];
  before(async () => {
    postgres = await startFaultyPostgres();
    sites = await Promise.all(stores.map((store) => startSite(postgres, store)));
  }).timeout(60_000);
  after(async () => {
    await Promise.all(sites.map((site) => site.close()));
    await postgres.stop();
    printTable();
  });

  /** Runs a scenario on one store. The results of the earlier scenarios must remain. */
  const run = async (site: Site, scenario: Scenario): Promise<Result & { site: Site }> => {
    const sender = new Sender(site);
    const planned = planDeliveries(site.hotelIds, scenario.deliveries);
    const waves = scenario.waves ?? 1;
    let injected = 0;
    for (let wave = 0; wave < waves; wave += 1) {
      const part = planned.slice((wave * planned.length) / waves, ((wave + 1) * planned.length) / waves);
      const [hits] = await Promise.all([scenario.inject(site, wave), sender.send(part, scenario.load)]);
      injected += hits;
    }
    const over = performance.now();
    await drained(site);
    const drainedMs = performance.now() - over;
    const findings = await audit(site.owner, site.acknowledged);
    const result = { fault: scenario.fault, store: site.store, injected, sender, findings, drainedMs };
    remember(result);
    return { ...result, site };
  };

  /** Waits for the last job. Jobs that are left after that count as lost. */
  const drained = async ({ owner }: Site): Promise<void> => {
    const until = Date.now() + settings.drainWithinMs;
    while (Date.now() < until) {
      if (!full) await age(owner);
      const { rows } = (await owner.raw("SELECT FROM core.outbox WHERE queue = 'billing' LIMIT 1")) as {
        rows: unknown[];
      };
      if (rows.length === 0) return;
      await sleep(100);
    }
  };

  /**
   * Makes every row old enough for the sweep. Waiting for that takes half a minute, which the small size omits.
   */
  const age = (owner: Site["owner"]) =>
    owner.raw(
      `UPDATE core.outbox SET queued_at = queued_at - interval '1 minute', run_at = run_at - interval '1 minute'
       WHERE queued_at BETWEEN now() - interval '30 seconds' AND now() - interval '2 seconds'`,
    );

  const expectNothingLost = ({ findings, sender, site }: Result & { site: Site }): void => {
    expect(findings, "lost and doubled").to.deep.equal({ lost: [], doubled: [] });
    expect(sender.givenUp, "events that never got a 200").to.deep.equal([]);
    const ends = [...site.webs, site.worker].flatMap((child) => child.unexpectedEnds);
    expect(ends, "processes that ended by themselves").to.deep.equal([]);
  };

  /** Runs the scenario on all stores at the same time, then checks each. */
  const onStores = (
    title: string,
    on: readonly StoreKind[],
    scenario: Scenario,
    check: (result: Result & { site: Site }) => void,
  ): void => {
    it(title, async function () {
      if (on.length === 0) return this.skip();
      const chosen = sites.filter(({ store }) => on.includes(store));
      for (const result of await Promise.all(chosen.map((site) => run(site, scenario)))) {
        expect(result.injected, "faults that hit").to.equal(scenario.faults);
        expectNothingLost(result);
        check(result);
      }
    }).timeout(600_000);
  };

  const answersOf = ({ sender }: Result): string[] => [...sender.answers.keys()].sort();
  const redisOnly = stores.filter((store) => store === "redis");

  onStores(
    "loses no event and applies none twice when its workers are killed in the midst of jobs",
    stores,
    {
      fault: "worker SIGKILL",
      deliveries: settings.workerDeliveries,
      faults: settings.workerKills,
      load: { connections: 8, perSecond: size(45, 40) },
      inject: (site) => repeatedly(settings.workerKills, () => killWorker(site)),
    },
    (result) => expect(answersOf(result)).to.deep.equal(["200"]),
  );

  onStores(
    "has stored every event that it answered 200 when its web processes are killed",
    stores,
    {
      fault: "web SIGKILL",
      deliveries: settings.webDeliveries,
      faults: settings.webKills,
      waves: settings.webKills,
      load: { connections: 16 },
      inject: async (site, wave) => {
        await restart(site.webs[wave % 2], Math.random() * 400);
        return 1;
      },
    },
    (result) => expect(answersOf(result)).to.include("none"),
  );

  onStores(
    "loses no event when Redis is emptied",
    redisOnly,
    {
      fault: "FLUSHALL",
      deliveries: settings.flushDeliveries,
      faults: settings.flushes,
      load: { connections: 8, perSecond: 100 },
      inject: (site) => repeatedly(settings.flushes, () => flush(site)),
    },
    (result) => expect(answersOf(result)).to.deep.equal(["200"]),
  );

  onStores(
    "answers 200 while Redis is gone, and applies everything within 90 s after it is back",
    redisOnly,
    {
      fault: `Redis gone for ${settings.redisGoneMs / 1000} s`,
      deliveries: Math.ceil(settings.redisGoneMs / 1000 + 4) * 50,
      faults: 1,
      load: { connections: 8, perSecond: 50 },
      inject: async ({ redis }) => {
        await sleep(2_000);
        await redis?.stop();
        await sleep(settings.redisGoneMs);
        await redis?.start();
        return 1;
      },
    },
    (result) => {
      expect(answersOf(result)).to.deep.equal(["200"]);
      expect(result.drainedMs).to.be.lessThan(90_000);
    },
  );

  onStores(
    "answers 200 or 503 when PostgreSQL is restarted at once, and serves again within 10 s with no process restarted",
    stores,
    {
      fault: "PostgreSQL restarted at once",
      deliveries: settings.restartDeliveries,
      faults: settings.restarts,
      load: { connections: 8, perSecond: size(60, 60) },
      inject: async () => restarts(),
    },
    (result) => {
      expect(answersOf(result)).to.deep.equal(["200", "503"]);
      expect(result.sender.longestGapMs).to.be.lessThan(10_000);
    },
  );

  /** One server has the databases of both stores. The first caller restarts it for all. */
  let restarting: Promise<number> | undefined;
  const restarts = (): Promise<number> => {
    restarting ??= repeatedly(settings.restarts, async () => {
      await sleep(size(4_000, 1_500) * (0.5 + Math.random()));
      await postgres.restartAtOnce();
    });
    return restarting;
  };
});

/** Injects this many faults. A fault that hit nothing does not count, and is repeated a few times. */
async function repeatedly(times: number, inject: (round: number) => Promise<boolean | void>): Promise<number> {
  let hits = 0;
  for (let round = 0; hits < times && round < times * 3; round += 1) if ((await inject(round)) !== false) hits += 1;
  return hits;
}

/** Kills the worker shortly after it has begun with the waiting jobs. @returns whether it left a job undone */
async function killWorker(site: Site): Promise<boolean> {
  for (const until = Date.now() + 10_000; Date.now() < until && !(await hasUndone(site));) await sleep(2);
  await sleep(Math.random() * 50);
  await site.worker.kill();
  const hit = await hasUndone(site);
  await site.worker.start();
  return hit;
}

async function restart(
  child: { kill(): Promise<void>; start(): Promise<void> } | undefined,
  afterMs: number,
): Promise<void> {
  await sleep(afterMs);
  await child?.kill();
  await child?.start();
}

async function flush(site: Site): Promise<void> {
  await sleep(500 + Math.random() * 1_000);
  // Waits until there are jobs to lose.
  for (const until = Date.now() + 5_000; Date.now() < until && !(await hasUndone(site)););
  await site.redis?.flush();
}

/** Whether there are jobs in the queue. */
async function hasUndone({ owner }: Site): Promise<boolean> {
  const { rows } = (await owner.raw("SELECT FROM core.outbox WHERE queued_at IS NOT NULL LIMIT 1")) as {
    rows: unknown[];
  };
  return rows.length > 0;
}
