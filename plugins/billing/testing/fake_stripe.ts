/** For tests of single calls: a server that gives prepared answers and records the requests. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export interface Asked {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly form: URLSearchParams;
}

export interface LittleAnswer {
  readonly status?: number;
  /** Sent as JSON. A string is sent unchanged. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface LittleStripe {
  readonly url: string;
  readonly asked: Asked[];
  /** Sets the answer to the requests from now on. */
  answer(reply: (asked: Asked) => LittleAnswer): void;
  close(): Promise<void>;
}

export async function startLittleStripe(): Promise<LittleStripe> {
  const asked: Asked[] = [];
  let reply: (request: Asked) => LittleAnswer = () => ({ status: 404, body: { error: { type: "api_error" } } });
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const one = { method, path: url, headers, form: new URLSearchParams(Buffer.concat(chunks).toString("utf8")) };
      asked.push(one);
      const { status = 200, body, headers: more } = reply(one);
      response.writeHead(status, { "content-type": "application/json", "request-id": `req_${asked.length}`, ...more });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answer: (next) => {
      asked.length = 0;
      reply = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
