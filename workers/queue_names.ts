/** The BullMQ queue of a plugin. BullMQ's names take no colon. */
export const queueNameOf = (pluginId: string): string => `keyrack-${pluginId}`;
