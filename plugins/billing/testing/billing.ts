/**
 * For tests: starts one platform for all tests of a `describe`, or one for each. Signs up a hotel for each test, and
 * delivers events.
 */
import { expect } from "chai";

import { boot } from "../../../core/boot.ts";
import {
  type CliResult,
  eventually,
  runCli,
  signUpHotel,
  startTestPlatform,
  type TestHotel,
  type TestPlatform,
  type TestPlatformOptions,
} from "#testing/mod.ts";
import { deliver, type TestEvent } from "./deliveries.ts";
import { isSettled, stateText } from "./state.ts";

const daySeconds = 86_400;
export const startSeconds = Math.floor(Date.now() / 1000);
/** An instant the given number of days from the start of the tests, in seconds since 1970. */
export const inDays = (days: number): number => startSeconds + days * daySeconds;
export const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();

/**
 * Opens a resource for all tests of the calling `describe`, or a new one for each.
 * @returns a function that returns the resource while the tests run
 */
export function useResource<T extends { close(): Promise<unknown> }>(open: () => Promise<T>, each = false): () => T {
  let opened: T | undefined;
  (each ? beforeEach : before)(async function () {
    this.timeout(60_000);
    opened = await open();
  });
  (each ? afterEach : after)(() => opened?.close());
  return () => opened ?? expect.fail("The resource is not open yet.");
}

export interface BillingOptions extends Omit<TestPlatformOptions, "variables"> {
  /** Called when the platform starts. The simulated server has its address by then. */
  readonly variables?: () => Readonly<Record<string, string>>;
  /** Starts a platform for each test. Default: one for all tests. */
  readonly each?: boolean;
}

/** Starts and closes the platform around the tests of the calling `describe`. */
export function useBilling({ each, variables, ...options }: BillingOptions = {}): BillingTest {
  const open = () => startTestPlatform({ ...options, ...(variables === undefined ? {} : { variables: variables() }) });
  const billing = new BillingTest(useResource(open, each));
  beforeEach(async () => {
    billing.hotel = await billing.signUp();
  });
  return billing;
}

class BillingTest {
  /** A new one for each test. */
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

  /** The events' rows, once there is no job left that is not dead. */
  async settled(...events: readonly TestEvent[]) {
    const undone = () => this.owner("core.outbox").whereNull("dead_at").first<object | undefined>("job_id");
    await eventually(async () => ((await undone()) === undefined ? true : undefined), 20_000);
    return Promise.all(events.map(({ id }) => this.rowOf(id)));
  }

  /** Delivers events and waits until they are applied. */
  async apply(...events: readonly TestEvent[]) {
    await this.send(...events);
    return this.settled(...events);
  }

  /** Waits until no job is left but those that have failed. */
  settle(): Promise<true> {
    return eventually(() => isSettled(this.owner), 20_000);
  }

  rowOf(id: string) {
    return this.owner("billing.stripe_events").where({ event_id: id }).first();
  }

  jobsOf(id: string) {
    return this.owner("core.outbox").whereRaw("payload->>'event_id' = ?", [id]);
  }

  /** `GET /billing/subscription`, as its manager sees it. */
  async view(of = this.hotel) {
    return (await this.platform.client.get("/billing/subscription", { token: of.managerToken })).body;
  }

  /** All rows that billing has made of its events, as text. */
  state(): Promise<string> {
    return stateText(this.owner);
  }

  /**
   * Runs one of billing's schedules once, as a worker does.
   * @param without variables that the worker does not have
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
