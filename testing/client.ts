/** A small HTTP client for tests. It sends and parses JSON, and throws for no status. */

export interface TestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads fields of an answer before it asserts the shape
  readonly body: any;
}

/** The body of a change without its way back, to compare it with the body of a read. */
export function withoutUndo({ undo: _undo, ...rest }: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return rest;
}

export interface CallOptions {
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Reads only the first part of an answer that does not end, such as an event stream. */
  readonly firstPart?: boolean;
}

export class TestClient {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  get = (path: string, options?: CallOptions) => this.call("GET", path, undefined, options);
  post = (path: string, body?: unknown, options?: CallOptions) => this.call("POST", path, body, options);
  patch = (path: string, body?: unknown, options?: CallOptions) => this.call("PATCH", path, body, options);
  delete = (path: string, options?: CallOptions) => this.call("DELETE", path, undefined, options);

  /** Sends an object as JSON, and a string or bytes as they are. */
  async call(
    method: string,
    path: string,
    body: unknown,
    { token, headers = {}, firstPart = false }: CallOptions = {},
  ): Promise<TestAnswer> {
    const raw = typeof body === "string" || body instanceof Uint8Array || body instanceof URLSearchParams;
    const response = await fetch(this.url + path, {
      method,
      redirect: "manual",
      headers: {
        ...(body === undefined || raw ? {} : { "content-type": "application/json" }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: raw ? (body as string) : JSON.stringify(body) }),
    });
    const text = firstPart ? await readFirstPart(response) : await response.text();
    const json = /json/.test(response.headers.get("content-type") ?? "");
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: json && text !== "" ? JSON.parse(text) : text,
    };
  }
}

async function readFirstPart({ body }: Response): Promise<string> {
  const reader = body?.getReader();
  const part = await reader?.read();
  await reader?.cancel();
  return new TextDecoder().decode(part?.value);
}
