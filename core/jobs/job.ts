/**
 * Jobs, as plugins see them. A job is a row of `core.outbox`, written in the transaction that wants it; that row is the
 * truth, and the queue is only a wake-up call for it (see `jobs/outbox.ts`).
 */
import type * as z from "zod";

import type { Trx } from "../db/database.ts";
import type { JobDefinition } from "./job_definition.ts";

/** What every handler gets. */
export interface JobRun<Payload> {
  readonly jobId: string;
  readonly payload: Payload;
  /** 1 for the first try. */
  readonly attempt: number;
  /** The tenant whose transaction enqueued the job, or undefined for platform work. */
  readonly tenantId: string | undefined;
  /** Aborts when the worker shuts down or loses the job to another. */
  readonly signal: AbortSignal;
}

/** A handler that is one unit of work: its effect and the end of the job commit together. */
export interface UnitHandler {
  readonly kind: "unit";
  readonly job: JobDefinition;
  readonly handle: (run: JobRun<unknown> & { readonly trx: Trx }) => Promise<void>;
}

/** A handler that takes long and opens its own units of work; it calls `finish` in the one that publishes its effect. */
export interface LongHandler {
  readonly kind: "long";
  readonly job: JobDefinition;
  readonly handle: (run: JobRun<unknown> & { readonly finish: (trx: Trx) => Promise<void> }) => Promise<void>;
  /** Called once when the last attempt has failed, so that the plugin's own row can say so. */
  readonly onDead?: (run: {
    readonly payload: unknown;
    readonly tenantId: string | undefined;
    readonly trx: Trx;
  }) => Promise<void>;
}

export type JobHandler = UnitHandler | LongHandler;

/** Thrown by a long handler whose turn has not come: the job waits, and that counts as no failure. */
export class DeferJob extends Error {
  override readonly name = "DeferJob";
  readonly delayMs: number;

  constructor(delayMs: number) {
    super(`Not before ${delayMs} ms have passed.`);
    this.delayMs = delayMs;
  }
}

/** Binds a handler that runs in the job's transaction. */
export function handleJob<P extends z.ZodType>(
  job: JobDefinition<P>,
  handle: (run: JobRun<z.output<P>> & { readonly trx: Trx }) => Promise<void>,
): UnitHandler {
  // The runner has parsed the payload with this very schema, which is what makes the narrowing true.
  return { kind: "unit", job, handle: handle as UnitHandler["handle"] };
}

/** Binds a handler that takes long: it keeps no transaction open over its work, and finishes the job itself. */
export function handleLongJob<P extends z.ZodType>(
  job: JobDefinition<P>,
  handle: (run: JobRun<z.output<P>> & { readonly finish: (trx: Trx) => Promise<void> }) => Promise<void>,
  onDead?: (run: {
    readonly payload: z.output<P>;
    readonly tenantId: string | undefined;
    readonly trx: Trx;
  }) => Promise<void>,
): LongHandler {
  return {
    kind: "long",
    job,
    handle: handle as LongHandler["handle"],
    ...(onDead === undefined ? {} : { onDead: onDead as NonNullable<LongHandler["onDead"]> }),
  };
}

/** Work that comes round by the clock. It must be safe to run twice, and to miss. */
export type Schedule = {
  /** Unique within the plugin. */
  readonly name: string;
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** As for a job: `network` where it mostly waits for the answers of another service. */
  readonly waitsFor?: "network";
} & (
  | {
      /** Milliseconds from one run to the next. The first is at once. */
      readonly everyMs: number;
    }
  | {
      /** The five fields of cron, in UTC: `17 3 * * *` is each night. */
      readonly cron: string;
    }
);
