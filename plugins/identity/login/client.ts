import type { RequestFacts } from "../../../core/mod.ts";
import type { Client } from "../sessions/refresh.ts";

/** Returns the client of a request, with at most 200 characters of its user agent, because the session stores them. */
export function clientOf({ address, headers }: RequestFacts): Client {
  const userAgent = headers["user-agent"];
  return { address, userAgent: (typeof userAgent === "string" ? userAgent : "").slice(0, 200) };
}
