/** Delivers events as Stripe does: signed by its SDK and repeated until the answer is 200. Counts every answer. */
import { setTimeout as sleep } from "node:timers/promises";

import { signPayload } from "../plugins/billing/cli.ts";
import { testWebhookSecret } from "../testing/platform.ts";
import type { PlannedEvent } from "./events.ts";
import type { Site } from "./site.ts";

export interface SendOptions {
  /** The greatest number of deliveries in progress. */
  readonly connections: number;
  /** The greatest number of deliveries begun in a second. Default: no limit but the answers. */
  readonly perSecond?: number;
}

/** An event that is not accepted within this time is given up, and the suite reports it. */
const giveUpAfterMs = 120_000;
const answerWithinMs = 30_000;

export class Sender {
  /** Deliveries that were sent, including repeated ones. */
  sent = 0;
  /** Deliveries that were answered 200. */
  answered200 = 0;
  /** The longest time without a 200 while deliveries were in progress. */
  longestGapMs = 0;
  /** By status. `none` if the connection broke before an answer. */
  readonly answers = new Map<string, number>();
  readonly givenUp: string[] = [];
  #last200 = 0;
  readonly #site: Site;

  constructor(site: Site) {
    this.#site = site;
  }

  /** Sends all events. Resolves when each has its 200 or was given up. */
  async send(events: readonly PlannedEvent[], { connections, perSecond }: SendOptions): Promise<void> {
    const started = performance.now();
    this.#last200 = started;
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < events.length) {
        const number = next;
        next += 1;
        if (perSecond !== undefined)
          await sleep(Math.max(0, started + (number / perSecond) * 1000 - performance.now()));
        await this.#deliver(events[number] as PlannedEvent, number);
      }
    };
    await Promise.all(Array.from({ length: connections }, lane));
  }

  async #deliver(event: PlannedEvent, number: number): Promise<void> {
    const until = performance.now() + giveUpAfterMs;
    for (let attempt = 0; performance.now() < until; attempt += 1) {
      // The web processes get the requests in turn, and after a failure the next one does.
      const { webs, acknowledged } = this.#site;
      const status = await this.#attempt(event, webs[(number + attempt) % webs.length]?.port ?? 0);
      this.answers.set(status, (this.answers.get(status) ?? 0) + 1);
      if (status === "200") {
        const now = performance.now();
        this.longestGapMs = Math.max(this.longestGapMs, now - this.#last200);
        this.#last200 = now;
        this.answered200 += 1;
        acknowledged.set(event.id, event);
        return;
      }
      await sleep(50 + Math.random() * 100);
    }
    this.givenUp.push(event.id);
  }

  async #attempt(event: PlannedEvent, port: number): Promise<string> {
    this.sent += 1;
    try {
      const response = await fetch(`http://127.0.0.1:${port}/billing/webhook`, {
        method: "POST",
        body: new Uint8Array(event.bytes),
        headers: {
          "content-type": "application/json; charset=utf-8",
          "stripe-signature": await signPayload(event.bytes, testWebhookSecret),
        },
        signal: AbortSignal.timeout(answerWithinMs),
      });
      await response.arrayBuffer();
      return String(response.status);
    } catch {
      return "none";
    }
  }
}
