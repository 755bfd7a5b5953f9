/** What names a job: both the plugin that enqueues it and the one that handles it import its definition. */
import type * as z from "zod";

export interface JobDefinition<Payload extends z.ZodType = z.ZodType> {
  /** `plugin.verb-noun`; the plugin before the dot is the one that handles it. */
  readonly name: string;
  readonly payload: Payload;
  /** How often it is tried before it is dead and waits for a person. */
  readonly attempts: number;
  /**
   * `network`: its handler mostly waits for the answers of another service. Such jobs have a queue and slots of their own,
   * so that a service that does not answer holds up none of the plugin's other jobs.
   */
  readonly waitsFor?: "network";
}

/** A plugin's queue: its own, or the one of its work that waits for another service. */
export interface QueueId {
  readonly pluginId: string;
  readonly waitsFor?: "network" | undefined;
}

/** A queue's name, as metrics, health and logs give it: `billing`, `billing-network`. */
export const queueName = ({ pluginId, waitsFor }: QueueId): string =>
  waitsFor === undefined ? pluginId : `${pluginId}-${waitsFor}`;

/** Declares a job. Lives in a file that both the enqueuing and the handling plugin may import (`jobs.ts`, `port.ts`). */
export function defineJob<Payload extends z.ZodType>(job: {
  readonly name: string;
  readonly payload: Payload;
  readonly attempts?: number;
  readonly waitsFor?: "network";
}): JobDefinition<Payload> {
  return Object.freeze({ attempts: 10, ...job });
}
