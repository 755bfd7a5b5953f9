/**
 * A simulated Stripe server on this machine with the endpoints that billing uses, in Stripe's shapes. The real SDK
 * calls it (`STRIPE_API_BASE`). A test adds the objects. The server follows Stripe's rules for keys, versions, lists,
 * errors and idempotency.
 *
 * A test can also order failures: rate limits, 500s, time-outs, slow answers, closed connections.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { type FormObject, readForm, textIn } from "./stripe_form.ts";
import { invalid, listPage, makers, newStripeId, noSuch, StripeFault, type StripeObject } from "./stripe_objects.ts";

export const testApiKey = "sk_test_keyrack_stand_in_0123456789";

export type Trouble =
  | { readonly kind: "rate_limit"; readonly retryAfterSeconds?: number }
  /** `api_error` (below 500: `invalid_request_error`), before anything is done. */
  | { readonly kind: "error"; readonly status?: number }
  /** The request is read and never answered. */
  | { readonly kind: "timeout" }
  | { readonly kind: "slow"; readonly ms: number }
  /** The connection closes: before the request is processed, or after it and before the answer. */
  | { readonly kind: "cut"; readonly when?: "before" | "after" };

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly params: FormObject;
  readonly idempotencyKey: string | undefined;
  /** 0 if the request was not answered. */
  status: number;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The paths of objects that can be listed and retrieved. */
const resources: Readonly<Record<string, string>> = {
  events: "event",
  invoices: "invoice",
  invoice_payments: "invoice_payment",
  subscriptions: "subscription",
  customers: "customer",
  charges: "charge",
  refunds: "refund",
  disputes: "dispute",
};

const longest = 1024 * 1024;

export class StripeServer {
  /** For `STRIPE_API_BASE`. */
  readonly url: string;
  readonly requests: SeenRequest[] = [];
  readonly #http: ReturnType<typeof createServer>;
  readonly #objects = new Map<string, StripeObject>();
  readonly #undelivered = new Set<string>();
  readonly #troubles: { readonly trouble: Trouble; readonly path: RegExp; times: number }[] = [];
  /** Answers by idempotency key. Undefined while the first request is being processed. */
  readonly #done = new Map<string, { readonly print: string; answer: Answer | undefined }>();

  private constructor(http: ReturnType<typeof createServer>) {
    this.#http = http;
    this.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    http.on("request", (request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  static async start(): Promise<StripeServer> {
    const http = createServer();
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    return new StripeServer(http);
  }

  /** Adds objects, or replaces those with the same ids. */
  add(...objects: readonly object[]): void {
    for (const object of objects as StripeObject[]) this.#objects.set(object.id, object);
  }

  /** Adds events that the webhook endpoint has not accepted (`delivery_success=false`). */
  addUndelivered(...events: readonly object[]): void {
    this.add(...events);
    for (const { id } of events as StripeObject[]) this.#undelivered.add(id);
  }

  /** Marks an event as delivered. */
  delivered(eventId: string): void {
    this.#undelivered.delete(eventId);
  }

  get(id: string): StripeObject | undefined {
    return this.#objects.get(id);
  }

  /** Orders failures for the next requests, one after the other. */
  trouble(trouble: Trouble, { times = 1, path = /./ }: { times?: number; path?: RegExp } = {}): void {
    this.#troubles.push({ trouble, path, times });
  }

  /** Cancels all ordered failures. */
  calm(): void {
    this.#troubles.length = 0;
  }

  async close(): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path, search } = new URL(request.url ?? "/", "http://stripe.test");
    const method = request.method ?? "GET";
    const params = readForm(method === "POST" ? await bodyOf(request) : search.slice(1));
    const key = request.headers["idempotency-key"];
    const seen: SeenRequest = { method, path, params, idempotencyKey: key as string | undefined, status: 0 };
    this.requests.push(seen);
    const trouble = this.#nextTrouble(path);
    if (trouble?.kind === "timeout") return;
    if (trouble?.kind === "cut" && trouble.when !== "after") return void response.destroy();
    if (trouble?.kind === "slow") await sleep(trouble.ms);
    const { status, body, headers } = troubled(trouble) ?? this.#guarded(request, seen);
    if (trouble?.kind === "cut") return void response.destroy();
    seen.status = status;
    const text = `${JSON.stringify(body, undefined, 2)}\n`;
    response.writeHead(status, {
      "content-type": "application/json",
      "request-id": newStripeId("req"),
      "stripe-version": request.headers["stripe-version"] ?? "",
      ...(key === undefined ? {} : { "idempotency-key": key }),
      ...headers,
    });
    response.end(text);
  }

  #nextTrouble(path: string): Trouble | undefined {
    const next = this.#troubles.find((ordered) => ordered.times > 0 && ordered.path.test(path));
    if (next === undefined) return undefined;
    next.times -= 1;
    return next.trouble;
  }

  #guarded(request: IncomingMessage, seen: SeenRequest): Answer {
    try {
      checkHeaders(request);
      return seen.method === "POST" ? this.#once(seen) : { status: 200, body: this.#read(seen) };
    } catch (error) {
      if (!(error instanceof StripeFault)) throw error;
      return { status: error.status, body: { error: error.fields } };
    }
  }

  /** Processes a POST with a key once. The same key with the same parameters gives the same answer. */
  #once(seen: SeenRequest): Answer {
    const { path, params, idempotencyKey: key } = seen;
    if (key === undefined) return { status: 200, body: this.#make(path, params) };
    const print = createHash("sha256")
      .update(`${path} ${JSON.stringify(params)}`)
      .digest("hex");
    const before = this.#done.get(key);
    if (before !== undefined && before.print !== print) {
      throw new StripeFault(400, {
        type: "idempotency_error",
        message:
          "Keys for idempotent requests can only be used with the same parameters they were first used with. " +
          `Try using a key other than '${key}' if you meant to execute a different request.`,
      });
    }
    if (before?.answer !== undefined) return { ...before.answer, headers: { "idempotent-replayed": "true" } };
    const answer = { status: 200, body: this.#make(path, params) };
    this.#done.set(key, { print, answer });
    return answer;
  }

  #make(path: string, params: FormObject): StripeObject {
    const maker = makers[path];
    if (maker === undefined) throw unrecognised("POST", path);
    const made = maker(params, (id) => this.#objects.has(id));
    this.add(made);
    return made;
  }

  #read({ method, path, params }: SeenRequest): unknown {
    const [, version, resource = "", id, part, more] = path.split("/");
    const kind = path.startsWith("/v1/checkout/sessions/") ? "checkout.session" : resources[resource];
    if (method !== "GET" || version !== "v1" || kind === undefined || more !== undefined)
      throw unrecognised(method, path);
    if (kind === "checkout.session") return this.#retrieve(kind, part ?? "");
    if (id === undefined) return this.#list(kind, path, params);
    const object = this.#retrieve(kind, id);
    if (part === undefined) return withFirstLines(object);
    if (kind !== "invoice" || part !== "lines") throw unrecognised(method, path);
    return listPage("line_item", path, linesOf(object), params);
  }

  #retrieve(kind: string, id: string): StripeObject {
    const object = this.#objects.get(id);
    if (object?.object !== kind) throw noSuch(kind, id, kind === "checkout.session" ? "session" : kind);
    return object;
  }

  #list(kind: string, path: string, params: FormObject) {
    const wanted = textIn(params, "delivery_success");
    for (const name of ["subscription", "customer"]) {
      const id = textIn(params, name);
      if (id !== undefined && this.#objects.get(id)?.object !== name)
        throw invalid(`No such ${name}: '${id}'`, { code: "resource_missing", param: name });
    }
    const objects = [...this.#objects.values()]
      .filter((object) => object.object === kind)
      .filter(({ id }) => wanted === undefined || (wanted === "true") !== this.#undelivered.has(id))
      // Newest first; events of one second in a fixed order.
      .sort((a, b) => Number(b["created"]) - Number(a["created"]) || (a.id < b.id ? 1 : -1));
    const page = listPage(kind, path, objects, params);
    return { ...page, data: page.data.map(withFirstLines) };
  }
}

function checkHeaders({ headers }: IncomingMessage): void {
  const given = /^(?:Bearer (.*)|Basic (.*))$/.exec(headers.authorization ?? "");
  const key =
    given?.[1] ??
    Buffer.from(given?.[2] ?? "", "base64")
      .toString("latin1")
      .split(":")[0] ??
    "";
  if (key === "") throw invalid("You did not provide an API key.", {}, 401);
  if (key !== testApiKey) throw invalid(`Invalid API Key provided: ${key.slice(0, 8)}****${key.slice(-4)}`, {}, 401);
  const version = headers["stripe-version"];
  if (typeof version !== "string" || !/^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$/.test(version))
    throw invalid(`Invalid Stripe API version: ${String(version)}`);
}

function troubled(trouble: Trouble | undefined): Answer | undefined {
  if (trouble?.kind === "rate_limit") {
    const message = "Request rate limit exceeded. Learn more about rate limits at https://stripe.com/docs/rate-limits.";
    const { retryAfterSeconds } = trouble;
    return {
      status: 429,
      body: { error: { type: "invalid_request_error", code: "rate_limit", message } },
      headers: {
        "stripe-rate-limited-reason": "global-rate",
        ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
      },
    };
  }
  if (trouble?.kind !== "error") return undefined;
  const message = "An unknown error occurred";
  const { status = 500 } = trouble;
  return { status, body: { error: { type: status >= 500 ? "api_error" : "invalid_request_error", message } } };
}

const linesOf = (invoice: StripeObject): StripeObject[] =>
  (invoice["lines"] as { data?: StripeObject[] } | undefined)?.data ?? [];

/** Limits an invoice to its first ten lines. The list has the others. */
function withFirstLines(object: StripeObject): StripeObject {
  const lines = linesOf(object);
  if (object.object !== "invoice" || lines.length <= 10) return object;
  return { ...object, lines: { ...(object["lines"] as object), data: lines.slice(0, 10), has_more: true } };
}

const unrecognised = (method: string, path: string): StripeFault =>
  invalid(`Unrecognized request URL (${method}: ${path}).`, {}, 404);

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > longest) throw new Error("The body is too long.");
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}
