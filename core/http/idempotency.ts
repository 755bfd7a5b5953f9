/**
 * `Idempotency-Key`: the answer is stored in the transaction of the effect, so the two commit together. A failed
 * request has no effect, so it stores no answer either. When it is sent again, it runs again.
 *
 * Answers can contain data of any plugin, so they are read and written as the core. No plugin's role has a privilege on
 * their table.
 */
import { createHmac } from "node:crypto";

import type { Trx } from "../db/database.ts";
import { prepare } from "../db/prepared_statement.ts";
import { asRole, noTenant } from "../db/transaction.ts";
import { problems } from "../errors.ts";
import { isUuid } from "../values/ids.ts";
import { coreRole } from "../db/role_names.ts";

/** How long a key is stored, in hours. */
export const idempotencyHours = 24;

export interface IdempotentRequest {
  readonly key: string;
  readonly tenantId: string | undefined;
  readonly actorId: string | undefined;
  /** A keyed hash. A sign-up's body contains a password, which could be guessed from a plain hash. */
  readonly hash: Buffer;
}

export interface StoredAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** @throws Problem VALIDATION_FAILED if the key is empty, too long or not printable ASCII */
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
 * Returns the owner of a key. The key of an anonymous caller is valid for the identical request only, from any address.
 * So two callers never share a key, and a caller must know the whole request to get its stored answer.
 */
function scopeOf({ tenantId, actorId, key, hash }: IdempotentRequest): [tenant: string, actor: string, key: string] {
  if (actorId === undefined) return [noTenant, noTenant, `${key} ${hash.toString("base64url")}`];
  return [tenantId ?? noTenant, actorId, key];
}

/**
 * Claims the key for this transaction. Returns the stored answer, if there is one.
 * @throws Problem IDEMPOTENCY_IN_FLIGHT, IDEMPOTENCY_KEY_REUSED
 */
export async function claimKey(trx: Trx, request: IdempotentRequest): Promise<StoredAnswer | undefined> {
  const scope = scopeOf(request);
  // Two statements, because the second needs a snapshot from after the lock. In one statement it could miss an answer
  // that another transaction has just committed.
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
    throw problems.IDEMPOTENCY_KEY_REUSED("This Idempotency-Key was used with another request before. Use a new key.");
  }
  return { status: stored.status, headers: stored.headers, body: stored.body };
}

/** Stores the answer in the transaction of its effect. */
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
 * Deletes the tenant's stored answers that contain one of these ids, so that anonymized data is not sent again. Call it
 * last in its transaction, when no other transaction can still write such an answer. A request whose answer is deleted
 * runs again when it is repeated.
 */
export async function forgetAnswers(trx: Trx, ids: readonly string[]): Promise<void> {
  // A shorter or empty word would match all answers.
  if (!ids.every(isUuid)) throw new Error("Stored answers can be deleted by UUIDs only.");
  await asRole(trx, coreRole, () => forgetStatement.run(trx, [ids]));
}
