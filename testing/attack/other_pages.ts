/**
 * Attacks a browser's session from pages of other origins, through every operation that needs a login. The requests
 * are made from the OpenAPI document, so a new route is attacked without a change.
 */
import { ownPage, type TestBrowser } from "../clients/browser_session.ts";
import type { TestAnswer, TestClient } from "../client.ts";
import type { Operation, SampleRequest } from "./api_document.ts";

/** Headers that browsers send for pages of other origins. */
const foreignHeaders: readonly Readonly<Record<string, string>>[] = [
  { "sec-fetch-site": "cross-site" },
  { "sec-fetch-site": "same-site" },
  { origin: "https://evil.example" },
  { origin: "null" },
];
/** Headers that are enough for a read, because they come from the address bar or from an old browser. */
const unproven: readonly Readonly<Record<string, string>>[] = [{}, { "sec-fetch-site": "none" }];

export interface PageAttack {
  readonly client: TestClient;
  /** A logged-in browser whose user may call the operations. */
  readonly browser: TestBrowser;
  /** A valid request of an operation. */
  readonly request: (operation: Operation) => SampleRequest;
  /** An origin that `CORS_ORIGINS` names. */
  readonly allowedOrigin: string;
}

/** Sends the request of every operation with the cookie and with headers of another page. @returns the faults */
export async function attackFromOtherPages(
  operations: readonly Operation[],
  { client, browser: { cookie }, request, allowedOrigin }: PageAttack,
): Promise<string[]> {
  const faults: string[] = [];
  for (const operation of operations.filter(({ roles }) => roles !== undefined)) {
    const { method, path, body } = request(operation);
    const headers = [...foreignHeaders, { origin: allowedOrigin }, ...(method === "GET" ? [] : unproven)];
    for (const foreign of headers) {
      const answer = await client.call(method, path, body, { headers: { cookie, ...foreign } });
      if (!isRefused(answer)) faults.push(describe(operation, foreign, answer));
    }
    // The body of a form: the only one that another page can send without a preflight.
    if (operation.body === undefined) continue;
    const form = { cookie, ...ownPage, "content-type": "text/plain" };
    const answer = await client.call(method, path, JSON.stringify(body ?? {}), { headers: form });
    if (answer.status !== 415) faults.push(describe(operation, { "content-type": "text/plain" }, answer));
  }
  return faults;
}

/** Sends the same requests as our own page. @returns the operations that refuse it as another page */
export async function checkOwnPage(
  operations: readonly Operation[],
  { client, request }: PageAttack,
  logIn: () => Promise<TestBrowser>,
): Promise<string[]> {
  const faults: string[] = [];
  for (const operation of operations.filter(({ roles }) => roles !== undefined)) {
    // Logs in for each operation, because some end the session.
    const { cookie } = await logIn();
    const { method, path, body } = request(operation);
    const answer = await client.call(method, path, body, {
      headers: { cookie, ...ownPage },
      firstPart: operation.isStream,
    });
    if (isRefused(answer) || (answer.body as { code?: string }).code === "UNAUTHENTICATED")
      faults.push(describe(operation, ownPage, answer));
  }
  return faults;
}

const isRefused = ({ status, body }: TestAnswer): boolean =>
  status === 403 && (body as { code?: string }).code === "CROSS_ORIGIN";

function describe({ method, path }: Operation, headers: object, { status, text }: TestAnswer): string {
  return `${method} ${path} with ${JSON.stringify(headers)}: ${status} ${text}`;
}
