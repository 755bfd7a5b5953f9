/**
 * `Idempotency-Key`: the answer is stored in the transaction of the effect, so there is never one without the other. A
 * request that failed has left no effect, so it leaves no answer either, and is judged anew when it is sent again.
 *
 * Answers hold whatever any plugin answered with, so they are read and written as the core: no plugin's role has a
 * right on their table.
 */
import { createHmac } from "node:crypto";

import type { Trx } from "../db/database.ts";
import { prepare } from "../db/prepared_statement.ts";
import { asRole, noTenant } from "../db/transaction.ts";
import { problems } from "../errors.ts";
import { isUuid } from "../values/ids.ts";
import { coreRole } from "../db/role_names.ts";

/** How long a key is remembered. */
export const idempotencyHours = 24;

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

const lockStatement = prepare<{ locked: boolean }>(
  "idempotency_lock",
  "SELECT pg_try_advisory_xact_lock(hashtextextended(concat_ws(E'\\n', $1::text, $2::text, $3::text), 0)) AS locked",
);
const findStatement = prepare<StoredAnswer & { readonly request_hash: Buffer }>(
  "idempotency_find",
  `SELECT request_hash, status, headers, body FROM core.idempotency_keys
   WHERE tenant_id = $1 AND actor_id = $2 AND key = $3`,
);
const storeStatement = prepare(
  "idempotency_store",
  `INSERT INTO core.idempotency_keys (tenant_id, actor_id, key, request_hash, status, headers, body)
   VALUES ($1, $2, $3, $4, $5, $6, $7)`,
);

/**
 * Whose key it is. Callers without a name share no keys: theirs hold for the very same request alone, from whatever
 * address it comes. So nobody's key is in another's way, and who would be given an answer must know the whole request.
 */
function scopeOf({ tenantId, actorId, key, hash }: IdempotentRequest): [tenant: string, actor: string, key: string] {
  if (actorId === undefined) return [noTenant, noTenant, `${key} ${hash.toString("base64url")}`];
  return [tenantId ?? noTenant, actorId, key];
}

/**
 * Claims the key for this transaction, and gives back the stored answer where there is one.
 * @throws Problem IDEMPOTENCY_IN_FLIGHT, IDEMPOTENCY_KEY_REUSED
 */
export async function claimKey(trx: Trx, request: IdempotentRequest): Promise<StoredAnswer | undefined> {
  const scope = scopeOf(request);
  // Two statements, not one: the second must have a snapshot from after the lock, or it could miss an answer
  // that was committed between the two.
  const [[lock], [stored]] = await asRole(trx, coreRole, () =>
    Promise.all([lockStatement.run(trx, scope), findStatement.run(trx, scope)]),
  );
  if (lock?.locked !== true) {
    throw problems.IDEMPOTENCY_IN_FLIGHT("The first request with this Idempotency-Key has not been answered yet.", {
      headers: { "Retry-After": "1" },
    });
  }
  if (stored === undefined) return undefined;
  if (!stored.request_hash.equals(request.hash)) {
    throw problems.IDEMPOTENCY_KEY_REUSED("This Idempotency-Key came with another request before. Use a new key.");
  }
  return { status: stored.status, headers: stored.headers, body: stored.body };
}

/** Stores the answer with its effect. */
export async function storeAnswer(trx: Trx, request: IdempotentRequest, answer: StoredAnswer): Promise<void> {
  const { status, headers, body } = answer;
  const row = [...scopeOf(request), request.hash, status, JSON.stringify(headers), body];
  await asRole(trx, coreRole, () => storeStatement.run(trx, row));
}

const forgetStatement = prepare(
  "idempotency_forget",
  `DELETE FROM core.idempotency_keys WHERE tenant_id = core.tenant_id()
     AND EXISTS (SELECT FROM unnest($1::text[]) AS word WHERE position(word IN body) > 0)`,
);

/**
 * Deletes the unit's tenant's stored answers in which one of these ids stands: what is to be forgotten must not be
 * told again. Last in its unit, when no other can write such an answer any more. A request whose answer is forgotten
 * is judged anew when it is repeated.
 */
export async function forgetAnswers(trx: Trx, ids: readonly string[]): Promise<void> {
  // A shorter word, or none, would stand in every answer.
  if (!ids.every(isUuid)) throw new Error("Answers are forgotten by the ids that stand in them.");
  await asRole(trx, coreRole, () => forgetStatement.run(trx, [ids]));
}
