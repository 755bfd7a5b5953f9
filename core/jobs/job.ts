/**
 * Jobs as plugins see them. A job is a row of `core.outbox`, written in the transaction that needs the job. The row
 * decides, and the queue's entry is only a wake-up call (see `jobs/outbox.ts`).
 */
import type * as z from "zod";

import type { Trx } from "../db/database.ts";
import type { JobDefinition } from "./job_definition.ts";

/** The input of every handler. */
export interface JobRun<Payload> {
  readonly jobId: string;
  readonly payload: Payload;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** The tenant whose transaction enqueued the job, or undefined for platform work. */
  readonly tenantId: string | undefined;
  /** Aborts when the worker shuts down or loses the job to another. */
  readonly signal: AbortSignal;
}

/** A handler that runs in one transaction, so that its effect and the end of the job commit together. */
export interface UnitHandler {
  readonly kind: "unit";
  readonly job: JobDefinition;
  readonly handle: (run: JobRun<unknown> & { readonly trx: Trx }) => Promise<void>;
}

/**
 * A slow handler that opens its own transactions. It calls `finish` in the transaction that publishes its effect.
 */
export interface LongHandler {
  readonly kind: "long";
  readonly job: JobDefinition;
  readonly handle: (run: JobRun<unknown> & { readonly finish: (trx: Trx) => Promise<void> }) => Promise<void>;
  /** Called once when the last attempt has failed, so that the plugin can mark its own row. */
  readonly onDead?: (run: {
    readonly payload: unknown;
    readonly tenantId: string | undefined;
    readonly trx: Trx;
  }) => Promise<void>;
}

export type JobHandler = UnitHandler | LongHandler;

/** Thrown by a long handler that can't run yet. The job waits, and the attempt does not count as a failure. */
export class DeferJob extends Error {
  override readonly name = "DeferJob";
  readonly delayMs: number;

  constructor(delayMs: number) {
    super(`The job is deferred for ${delayMs} ms.`);
    this.delayMs = delayMs;
  }
}

/** Binds a handler that runs in the job's transaction. */
export function handleJob<P extends z.ZodType>(
  job: JobDefinition<P>,
  handle: (run: JobRun<z.output<P>> & { readonly trx: Trx }) => Promise<void>,
): UnitHandler {
  // The runner has parsed the payload with this schema, so the narrower type is true.
  return { kind: "unit", job, handle: handle as UnitHandler["handle"] };
}

/** Binds a slow handler. It keeps no transaction open during its work, and finishes the job itself. */
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
    // The runner checks each payload with the job's schema before it calls this.
    handle: handle as LongHandler["handle"],
    // It gets the same payload as `handle`.
    ...(onDead === undefined ? {} : { onDead: onDead as NonNullable<LongHandler["onDead"]> }),
  };
}

/** Work that runs by the clock. It must be safe to run twice, and to miss a run. */
export type Schedule = {
  /** Unique within the plugin. */
  readonly name: string;
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** As for a job: `network` if it mostly waits for answers of another service. */
  readonly waitsFor?: "network";
} & (
  | {
      /** Milliseconds from one run to the next. The first run is at once. */
      readonly everyMs: number;
    }
  | {
      /** The five fields of cron, in UTC: `17 3 * * *` is each night. */
      readonly cron: string;
    }
);
