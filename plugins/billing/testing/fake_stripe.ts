/** For tests of single calls: a server that gives the configured answer and records its requests. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export interface SeenRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly form: URLSearchParams;
}

export interface FakeAnswer {
  readonly status?: number;
  /** JSON, unless it is a text: then just that. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FakeStripe {
  readonly url: string;
  readonly requests: SeenRequest[];
  /** Answers the requests from now on. */
  answer(reply: (request: SeenRequest) => FakeAnswer): void;
  close(): Promise<void>;
}

export async function startFakeStripe(): Promise<FakeStripe> {
  const requests: SeenRequest[] = [];
  let reply: (request: SeenRequest) => FakeAnswer = () => ({ status: 404, body: { error: { type: "api_error" } } });
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const one = { method, path: url, headers, form: new URLSearchParams(Buffer.concat(chunks).toString("utf8")) };
      requests.push(one);
      const { status = 200, body, headers: more } = reply(one);
      response.writeHead(status, {
        "content-type": "application/json",
        "request-id": `req_${requests.length}`,
        ...more,
      });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer: (next) => {
      requests.length = 0;
      reply = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
