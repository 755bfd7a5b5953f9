/** The BullMQ queue of this name (`queueName` in `core/jobs/job.ts`). BullMQ's names take no colon. */
export const queueNameOf = (name: string): string => `keyrack-${name}`;
