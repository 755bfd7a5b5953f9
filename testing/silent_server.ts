/** Servers that accept a request and never finish the answer, and a garbage collector at work beside the call. */
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

export interface SilentServer {
  readonly origin: string;
  /** How many requests it has received. */
  readonly received: () => number;
  /** How many connections are open. */
  readonly open: () => number;
  close(): Promise<void>;
}

/** Starts a server on loopback that reads each request and sends nothing, or only the head and the body's first byte. */
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

/** Runs `work` while full garbage collections run every 50 ms: what is held by weak references alone is lost. */
export async function withGarbageCollection<T>(work: () => Promise<T>): Promise<T> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const timer = setInterval(collect, 50);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
