/** Returns the name of the BullMQ queue for a `queueName` of `core/jobs/job.ts`. BullMQ allows no colon in names. */
export const queueNameOf = (name: string): string => `keyrack-${name}`;
