/** The one place that sends requests to the server. */
import { noAnswer, Problem, problemOf } from "./problem.ts";

export interface RequestOptions {
  readonly query?: Readonly<Record<string, unknown>> | undefined;
  readonly body?: unknown;
  /** The version that a change is based on. */
  readonly ifMatch?: string | undefined;
  /** A repetition with the same key has no second effect. Default: a new one for each POST. */
  readonly idempotencyKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Asks what a write would change, without the change. */
  readonly dryRun?: boolean | undefined;
}

export interface Answer<R> {
  readonly body: R;
  readonly status: number;
  readonly etag: string | undefined;
}

/** Times a request is sent if the server can't answer now. */
const attempts = 3;

/**
 * Sends a request. A GET, and a write with a key, is sent again if no answer came or the server was not ready.
 * @throws Problem
 */
export async function request<R>(method: string, path: string, options: RequestOptions = {}): Promise<Answer<R>> {
  const key = options.idempotencyKey ?? (method === "POST" ? crypto.randomUUID?.() : undefined);
  const isRepeatable = method === "GET" || key !== undefined;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send<R>(method, path, { ...options, idempotencyKey: key });
    } catch (error) {
      const isTemporary = error instanceof Problem && [0, 502, 503, 504].includes(error.status);
      if (!isRepeatable || !isTemporary || attempt >= attempts || options.signal?.aborted === true) throw error;
      const seconds = Math.min(error.retryAfter ?? 2 ** attempt * 0.15, 5);
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000 * (0.75 + Math.random() / 2)));
    }
  }
}

async function send<R>(method: string, path: string, options: RequestOptions): Promise<Answer<R>> {
  const headers = new Headers({ Accept: "application/json" });
  if (options.body !== undefined) headers.set("Content-Type", "application/json");
  if (options.ifMatch !== undefined) headers.set("If-Match", options.ifMatch);
  if (options.idempotencyKey !== undefined) headers.set("Idempotency-Key", options.idempotencyKey);
  if (options.dryRun === true) headers.set("Prefer", "dry-run");
  const response = await fetch(`${path}${queryOf(options.query)}`, {
    method,
    headers,
    body: options.body === undefined ? null : JSON.stringify(options.body),
    signal: options.signal ?? null,
    credentials: "same-origin",
  }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem({ status: 0, code: noAnswer, title: "No answer", detail: "The server did not answer." });
  });
  if (!response.ok) throw await problemOf(response);
  const text = await response.text();
  const body: R = text === "" ? undefined : JSON.parse(text);
  return {
    body,
    status: response.status,
    etag: response.headers.get("ETag") ?? undefined,
  };
}

function queryOf(query: RequestOptions["query"]): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined || value === null || value === "") continue;
    search.append(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  return search.size === 0 ? "" : `?${search.toString()}`;
}
