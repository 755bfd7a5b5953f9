/**
 * The open event streams of a web process. Each belongs to one caller, and gets the changes of the caller's tenant
 * only. It ends when the caller's session ends or is locked, and when the role changes.
 */
import { Readable } from "node:stream";

import { isOutage } from "../../db/database.ts";
import { Problem } from "../../errors.ts";
import { type Change, sessionsTopic } from "../../live/change.ts";
import type { Logger } from "../../process/log.ts";
import type { Actor } from "../actor.ts";
import { tooMany } from "../limits/counters.ts";

/** Most streams of one process, and of one tenant in it. */
const mostStreams = 500;
const mostOfTenant = 50;
/** Milliseconds between two comments, because proxies close silent connections. */
const commentMs = 15_000;
/** The number of comments between two checks of a caller: once a minute. */
const checkRounds = 4;
/** Bytes that wait for a slow reader. Beyond that its stream ends, and the reader connects again. */
const mostWaiting = 64 * 1024;
/** Milliseconds until a browser connects again. */
const retryMs = 2_000;
/** Milliseconds until a client with too many streams tries again. */
const fullMs = 10_000;

export interface StreamsOptions {
  /** Reads the caller's present role without a cache. Undefined if the session has ended, a Problem if it is locked. */
  readonly readRole: (actor: Actor) => Promise<string | undefined>;
  readonly log: Logger;
}

export interface LiveStreams {
  /** Opens a stream. @throws Problem RATE_LIMITED */
  open(actor: Actor): Readable;
  /** Passes a change on to the streams of its tenant. */
  publish(change: Change): void;
  /** Ends all streams, because changes can have been lost. Their clients connect again and read everything. */
  endAll(): void;
  /** The number of open streams. */
  count(): number;
  close(): void;
}

interface Stream {
  readonly actor: Actor;
  readonly out: Readable;
  /** The round in which the caller is checked. */
  readonly round: number;
}

export function createLiveStreams({ readRole, log }: StreamsOptions): LiveStreams {
  const byTenant = new Map<string, Set<Stream>>();
  let opened = 0;
  let round = 0;

  const all = (): Stream[] => [...byTenant.values()].flatMap((streams) => [...streams]);
  const send = ({ out }: Stream, text: string): void => {
    if (out.destroyed || out.readableEnded) return;
    if (out.readableLength > mostWaiting) out.destroy();
    else out.push(text);
  };
  const end = ({ out }: Stream): void => {
    if (!out.destroyed && !out.readableEnded) out.push(null);
  };
  /** Ends the streams of callers who have lost the right to them. */
  const check = async (streams: readonly Stream[]): Promise<void> => {
    for (const stream of streams) {
      if (stream.out.destroyed) continue;
      try {
        if ((await readRole(stream.actor)) !== stream.actor.role) end(stream);
      } catch (error) {
        if (error instanceof Problem) end(stream);
        // The next round checks again.
        else if (!isOutage(error)) log.warn({ err: error }, "the caller of an event stream could not be checked");
      }
    }
  };
  const timer = setInterval(() => {
    round += 1;
    const streams = all();
    for (const stream of streams) send(stream, ": still here\n\n");
    void check(streams.filter((stream) => (stream.round + round) % checkRounds === 0));
  }, commentMs);

  return {
    open: (actor) => {
      const { tenantId } = actor;
      const ofTenant = byTenant.get(tenantId) ?? new Set<Stream>();
      if (ofTenant.size >= mostOfTenant) throw tooMany(`At most ${mostOfTenant} event streams of a tenant.`, fullMs);
      if (all().length >= mostStreams) throw tooMany("Too many event streams are open.", fullMs);
      const out = new Readable({ read: () => undefined });
      const stream = { actor, out, round: (opened += 1) };
      byTenant.set(tenantId, ofTenant.add(stream));
      // Runs at every end, also if the client read nothing.
      out.once("close", () => {
        ofTenant.delete(stream);
        if (ofTenant.size === 0 && byTenant.get(tenantId) === ofTenant) byTenant.delete(tenantId);
      });
      out.push(`retry: ${retryMs}\n\n`);
      // The caller was admitted by a remembered session, which can have ended just before.
      void check([stream]);
      return out;
    },
    publish: ({ tenantId, topics: all, ids, by, at }) => {
      const streams = [...(byTenant.get(tenantId) ?? [])];
      const topics = all.filter((topic) => topic !== sessionsTopic);
      if (topics.length > 0) {
        const text = ["event: changed", `data: ${JSON.stringify({ topics, ids, by, at })}`, "\n"].join("\n");
        for (const stream of streams) send(stream, text);
      }
      if (all.includes(sessionsTopic)) void check(streams);
    },
    endAll: () => all().forEach(end),
    count: () => all().length,
    close: () => {
      clearInterval(timer);
      all().forEach(end);
    },
  };
}
