/** The definition of a job, which the enqueuing plugin and the handling plugin import. */
import type * as z from "zod";

export interface JobDefinition<Payload extends z.ZodType = z.ZodType> {
  /** `plugin.verb-noun`. The plugin before the dot handles the job. */
  readonly name: string;
  readonly payload: Payload;
  /** The number of attempts before the job is dead and waits for an operator. */
  readonly attempts: number;
  /**
   * `network` if the handler mostly waits for answers of another service. Such jobs have a queue and slots of their
   * own. So a service that does not answer delays none of the plugin's other jobs.
   */
  readonly waitsFor?: "network";
  /** The topics of the event that follows the job, for the desks of its tenant. Default: the plugin's id. */
  readonly changes?: readonly string[];
}

/** A plugin's queue, or its queue of work that waits for another service. */
export interface QueueId {
  readonly pluginId: string;
  readonly waitsFor?: "network" | undefined;
}

/** Returns a queue's name in metrics, health and logs, such as `billing` or `billing-network`. */
export const queueName = ({ pluginId, waitsFor }: QueueId): string =>
  waitsFor === undefined ? pluginId : `${pluginId}-${waitsFor}`;

/**
 * Declares a job, in a file that both the enqueuing and the handling plugin can import (`jobs.ts`, `port.ts`).
 */
export function defineJob<Payload extends z.ZodType>(job: {
  readonly name: string;
  readonly payload: Payload;
  readonly attempts?: number;
  readonly waitsFor?: "network";
  readonly changes?: readonly string[];
}): JobDefinition<Payload> {
  return Object.freeze({ attempts: 10, ...job });
}
