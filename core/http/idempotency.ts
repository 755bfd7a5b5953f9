/**
 * `Idempotency-Key`: the answer is stored in the transaction of the effect, so there is never one without the other. A
 * request that failed has left no effect, so it leaves no answer either, and is judged anew when it is sent again.
 */
import { createHmac } from "node:crypto";

import type { Trx } from "../db/database.ts";
import { problems } from "../errors.ts";

/** How long a key is remembered. */
export const idempotencyHours = 24;

const nobody = "00000000-0000-0000-0000-000000000000";

export interface IdempotentRequest {
  readonly key: string;
  readonly tenantId: string | undefined;
  readonly actorId: string | undefined;
  /** Keyed, because a sign-up's body holds a password and a bare hash of it could be guessed at. */
  readonly hash: Buffer;
}

export interface StoredAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** @throws Problem VALIDATION_FAILED where the key is empty, too long or not printable ASCII */
export function readIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (/^[\x21-\x7e]{1,255}$/.test(header)) return header;
  const detail = "is not 1 to 255 printable ASCII characters without spaces";
  throw problems.VALIDATION_FAILED(`Idempotency-Key ${detail}`, {
    errors: [{ in: "header", pointer: "/idempotency-key", detail }],
  });
}

export function hashRequest(secret: string, method: string, url: string, body: unknown): Buffer {
  return createHmac("sha256", secret)
    .update(JSON.stringify([method, url, body]))
    .digest();
}

/**
 * Claims the key for this transaction, and gives back the stored answer where there is one.
 * @throws Problem IDEMPOTENCY_IN_FLIGHT, IDEMPOTENCY_KEY_REUSED
 */
export async function claimKey(trx: Trx, request: IdempotentRequest): Promise<StoredAnswer | undefined> {
  const scope = [request.tenantId ?? nobody, request.actorId ?? nobody, request.key];
  // Two statements, not one: the second must have a snapshot from after the lock, or it could miss an answer
  // that was committed between the two.
  const lock = (await trx.raw("SELECT pg_try_advisory_xact_lock(hashtextextended(?, 0)) AS locked", [
    scope.join("\n"),
  ])) as {
    rows: { locked: boolean }[];
  };
  if (lock.rows[0]?.locked !== true) {
    throw problems.IDEMPOTENCY_IN_FLIGHT("The first request with this Idempotency-Key has not been answered yet.", {
      headers: { "Retry-After": "1" },
    });
  }
  const [tenantId, actorId, key] = scope as [string, string, string];
  const stored = (await trx("core.idempotency_keys")
    .where({ tenant_id: tenantId, actor_id: actorId, key })
    .first("request_hash", "status", "headers", "body")) as (StoredAnswer & { request_hash: Buffer }) | undefined;
  if (stored === undefined) return undefined;
  if (!stored.request_hash.equals(request.hash)) {
    throw problems.IDEMPOTENCY_KEY_REUSED("This Idempotency-Key came with another request before. Use a new key.");
  }
  return stored;
}

/** Stores the answer with its effect. */
export async function storeAnswer(trx: Trx, request: IdempotentRequest, answer: StoredAnswer): Promise<void> {
  await trx("core.idempotency_keys").insert({
    tenant_id: request.tenantId ?? nobody,
    actor_id: request.actorId ?? nobody,
    key: request.key,
    request_hash: request.hash,
    status: answer.status,
    headers: JSON.stringify(answer.headers),
    body: answer.body,
  });
}
