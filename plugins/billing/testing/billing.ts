/** For tests: one Keyrack per `describe` or per test, one hotel per test, and helpers that send events. */
import { expect } from "chai";

import { boot } from "../../../core/boot.ts";
import { type CliResult, runCli } from "../../../testing/command_line.ts";
import {
  eventually,
  signUpHotel,
  startTestPlatform,
  type TestHotel,
  type TestPlatform,
  type TestPlatformOptions,
} from "../../../testing/platform.ts";
import { deliver, type TestEvent } from "./deliveries.ts";
import { isSettled, stateText } from "./state.ts";

const daySeconds = 86_400;
export const startSeconds = Math.floor(Date.now() / 1000);
/** This many days after the start of the tests, in seconds since 1970. */
export const inDays = (days: number): number => startSeconds + days * daySeconds;
export const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();

/**
 * Opens something for all tests of the `describe` that it is called in, or for each test.
 * @returns a function that gives it while the tests run
 */
export function keptOpen<T extends { close(): Promise<unknown> }>(open: () => Promise<T>, each = false): () => T {
  let opened: T | undefined;
  (each ? beforeEach : before)(async function () {
    this.timeout(60_000);
    opened = await open();
  });
  (each ? afterEach : after)(() => opened?.close());
  return () => opened ?? expect.fail("It is not open yet.");
}

export interface BillingOptions extends Omit<TestPlatformOptions, "variables"> {
  /** Called when the platform starts. The test server has its address by then. */
  readonly variables?: () => Readonly<Record<string, string>>;
  /** Starts a platform for each test. By default one platform serves all tests. */
  readonly each?: boolean;
}

/** Starts it before and ends it after the tests of the `describe` that it is called in. */
export function useBilling({ each, variables, ...options }: BillingOptions = {}): BillingTest {
  const open = () => startTestPlatform({ ...options, ...(variables === undefined ? {} : { variables: variables() }) });
  const billing = new BillingTest(keptOpen(open, each));
  beforeEach(async () => {
    billing.hotel = await billing.signUp();
  });
  return billing;
}

class BillingTest {
  /** A new hotel for each test. */
  hotel: TestHotel = { hotelId: "", managerToken: "", receptionistToken: "", username: "" };
  readonly #platform: () => TestPlatform;

  constructor(platform: () => TestPlatform) {
    this.#platform = platform;
  }

  get platform(): TestPlatform {
    return this.#platform();
  }

  get owner(): TestPlatform["owner"] {
    return this.platform.owner;
  }

  signUp(): Promise<TestHotel> {
    return signUpHotel(this.platform.client);
  }

  /** Delivers events one after the other. */
  async send(...events: readonly TestEvent[]): Promise<void> {
    for (const event of events) expect((await deliver(this.platform.client, event)).status).to.equal(200);
  }

  /** Delivers events at the same time. */
  async sendAtOnce(...events: readonly TestEvent[]): Promise<void> {
    await Promise.all(events.map((event) => this.send(event)));
  }

  /** Returns the events' rows once only dead jobs are left. */
  async settled(...events: readonly TestEvent[]) {
    const undone = () => this.owner("core.outbox").whereNull("dead_at").first<object | undefined>("job_id");
    await eventually(async () => ((await undone()) === undefined ? true : undefined), 20_000);
    return Promise.all(events.map(({ id }) => this.rowOf(id)));
  }

  /** Delivers events and waits for their outcomes. */
  async apply(...events: readonly TestEvent[]) {
    await this.send(...events);
    return this.settled(...events);
  }

  /** Waits until only failed jobs are left. */
  settle(): Promise<true> {
    return eventually(() => isSettled(this.owner), 20_000);
  }

  rowOf(id: string) {
    return this.owner("billing.stripe_events").where({ event_id: id }).first();
  }

  jobsOf(id: string) {
    return this.owner("core.outbox").whereRaw("payload->>'event_id' = ?", [id]);
  }

  /** `GET /billing/subscription` for the hotel's manager. */
  async view(of = this.hotel) {
    return (await this.platform.client.get("/billing/subscription", { token: of.managerToken })).body;
  }

  /** All rows that billing has derived from its events. */
  state(): Promise<string> {
    return stateText(this.owner);
  }

  /**
   * Runs one of billing's schedules once, as a worker does. @param without variables that the worker does not have
   */
  async runSchedule(name: string, without: readonly string[] = []): Promise<void> {
    const variables = { ...this.platform.variables };
    for (const variable of without) delete variables[variable];
    const booted = await boot("worker", variables);
    try {
      const found = booted.schedules.find(({ schedule }) => schedule.name === name);
      await (found?.schedule.run(new AbortController().signal) ?? expect.fail("There is no such schedule."));
    } finally {
      await booted.close();
    }
  }

  cli(...args: string[]): Promise<CliResult> {
    return runCli(this.platform.variables, "billing", ...args);
  }
}
