/** A connection that listens for NOTIFY, and connects again when it breaks. */
import pg from "pg";

import type { Logger } from "../process/log.ts";

export interface ListenOptions {
  /** URL with the run-time login. */
  readonly url: string;
  /** Shown in `pg_stat_activity` and in the log. */
  readonly name: string;
  readonly channel: string;
  readonly log: Logger;
  readonly onNotify: (payload: string) => void;
  /** Called after each connection. Notifications before the second one can be lost. */
  readonly onConnect: () => void;
}

export interface Listener {
  close(): Promise<void>;
}

/** Milliseconds until a broken connection is opened again. */
const retryMs = 1_000;

/** Starts to listen. @throws the error of the first connection */
export async function listen({ url, name, channel, log, onNotify, onConnect }: ListenOptions): Promise<Listener> {
  let closing = false;
  let client: pg.Client | undefined;
  let retry: NodeJS.Timeout | undefined;
  const connect = async (): Promise<void> => {
    const fresh = new pg.Client({ connectionString: url, application_name: `keyrack ${name}`, keepAlive: true });
    fresh.on("notification", ({ payload }) => onNotify(payload ?? ""));
    fresh.once("error", (error) => reconnect(fresh, error));
    fresh.once("end", () => reconnect(fresh, new Error("the connection ended")));
    client = fresh;
    await fresh.connect();
    await fresh.query(`LISTEN ${channel}`);
    onConnect();
  };
  const reconnect = (broken: pg.Client, error: Error): void => {
    if (closing || client !== broken) return;
    client = undefined;
    log.warn({ err: error, listener: name }, "the listening connection broke, and it connects again");
    broken.end().catch(() => undefined);
    retry = setTimeout(() => {
      connect().catch((failure: Error) => {
        if (client !== undefined) reconnect(client, failure);
      });
    }, retryMs);
  };
  await connect();
  return {
    close: async () => {
      closing = true;
      clearTimeout(retry);
      await client?.end().catch(() => undefined);
    },
  };
}
