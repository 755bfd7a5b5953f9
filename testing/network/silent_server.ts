/** Starts servers that accept a request and never finish the answer, and collects garbage during a call. */
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

export interface SilentServer {
  readonly origin: string;
  /** Number of received requests. */
  readonly received: () => number;
  /** Number of open connections. */
  readonly open: () => number;
  close(): Promise<void>;
}

/**
 * Starts a server on loopback that reads each request. It sends nothing, or only the head and the body's first byte.
 */
export async function startSilentServer(sends: "nothing" | "head"): Promise<SilentServer> {
  const sockets = new Set<Socket>();
  let received = 0;
  const server = createServer((request, response) => {
    received += 1;
    request.resume();
    if (sends === "head") response.writeHead(200, { "content-type": "application/json" }).write("{");
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    origin: `http://127.0.0.1:${port}`,
    received: () => received,
    open: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/**
 * Runs `work` and collects garbage repeatedly, so that objects with only weak references are lost. The event loop has
 * 50 ms between two collections, also on a busy machine where one takes long.
 */
export async function withGarbageCollection<T>(work: () => Promise<T>): Promise<T> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const ended = new AbortController();
  const collecting = collectUntil(ended.signal, collect);
  try {
    return await work();
  } finally {
    ended.abort();
    await collecting;
  }
}

async function collectUntil(signal: AbortSignal, collect: () => void): Promise<void> {
  while (!signal.aborted) {
    await sleep(50, undefined, { signal }).catch(() => undefined);
    collect();
    // The next pause counts from here: a timer reads the clock once for each turn of the event loop.
    await new Promise(setImmediate);
  }
}
