/** The path of a request from the routed context to the answer. Read it from top to bottom. */
import { createHash } from "node:crypto";
import { finished } from "node:stream";
import type { Context } from "koa";
import type { Knex } from "knex";

import { runDry } from "../db/dry_run/run_dry.ts";
import { runTransaction, crossTenantRoleOf, roleOf, type Trx } from "../db/database.ts";
import { afterCommit, type TransactionIdentity } from "../db/transaction.ts";
import { announceChange } from "../live/announce.ts";
import { type Change, idsOf, topicsOfPath } from "../live/change.ts";
import { Problem, problems } from "../errors.ts";
import { coreRole } from "../db/role_names.ts";
import type { Actor, Authenticator, ConfirmActor } from "./actor.ts";
import { claimKey, hashRequest, type IdempotentRequest, readIdempotencyKey, storeAnswer } from "./idempotency.ts";
import { hasAnswer } from "./request/etag.ts";
import { type Input, readInput } from "./request/input.ts";
import type { Limiter } from "./limits/limiter.ts";
import type { RateLimits } from "./limits/rate_limits.ts";
import { dryRunMediaType, hasDryRun } from "./dry_run.ts";
import { problemBody } from "./problem_response.ts";
import { type Answer, isIdempotent, type RequestFacts, type Route } from "./route.ts";
import { undoOf } from "./undo.ts";

/** A route together with the plugin that declared it. */
export interface MountedRoute {
  readonly pluginId: string;
  readonly route: Route;
}

export interface DispatchServices {
  readonly knex: Knex;
  readonly authenticate: Authenticator;
  readonly confirmActor: ConfirmActor;
  readonly limiter: Limiter;
  readonly rateLimits: RateLimits;
  readonly secret: string;
  /** All routes by their ids, for the paths of the ways back. */
  readonly operations: ReadonlyMap<string, Route>;
}

/** An answer with its serialized body. */
interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly cookies?: readonly string[] | undefined;
  /** The body before it was serialized. Undefined for a stored answer. */
  readonly content?: unknown;
  readonly stream?: Answer<unknown>["stream"];
}

/** Answers one request by its route. */
export async function dispatch(
  { pluginId, route }: MountedRoute,
  services: DispatchServices,
  params: Record<string, string>,
  facts: RequestFacts,
): Promise<void> {
  const { context: ctx } = facts;
  // Before the body is read, so that requests over the limit cost little.
  if (route.access === "public") services.rateLimits.countAddress(facts.address, ctx);
  if (route.rateLimit !== undefined) await services.limiter(route.id, facts.address, route.rateLimit);
  const actor = await admit(route, services, ctx, facts.address);
  const identity = identityFor(pluginId, route, actor);
  const isDry = asksForDryRun(route, facts);
  const input = await readInput(route, ctx, params);
  await confirmBefore(route, services, identity, actor);
  const prepared = await route.prepare?.({ ...input, actor, request: facts });
  const call = (trx: Trx | undefined) =>
    callHandler(route, services, { ...input, actor, trx, prepared, request: facts });
  if (isDry && identity !== undefined) {
    send(ctx, route, await answerDryRun(identity, route, services, actor, facts.id, call));
    return;
  }
  const reply =
    identity === undefined
      ? await callAndAnnounce(route, services, actor, input.params, call)
      : await inTransaction(
          identity,
          route,
          services,
          actor,
          idempotentRequest(route, services, facts, input, actor),
          input.params,
          call,
        );
  send(ctx, route, reply);
}

async function admit(
  route: Route,
  { authenticate, rateLimits }: DispatchServices,
  ctx: Context,
  address: string,
): Promise<Actor | undefined> {
  if (route.access === "public") return undefined;
  const actor = await authenticate(ctx);
  if (actor === undefined) {
    rateLimits.countAddress(address, ctx);
    throw unauthenticated("Send a valid access token as Authorization: Bearer <token>.");
  }
  rateLimits.countActor(actor, ctx);
  // After the count, so that a restricted actor's calls are limited too.
  if (actor.restriction?.routeIds.includes(route.id) === false) throw actor.restriction.problem;
  requireRole(route.access, actor.role);
  return actor;
}

function unauthenticated(detail: string): Problem {
  return problems.UNAUTHENTICATED(detail, { headers: { "WWW-Authenticate": 'Bearer realm="keyrack"' } });
}

function requireRole(access: readonly string[], role: string): void {
  if (!access.includes(role)) throw problems.FORBIDDEN(`This is for ${access.join(" or ")}; you are ${role}.`);
}

/**
 * Checks again that the caller can make this write, in the transaction of the write. The first check came before the
 * body was read, which can take a minute, and used the session that the process has cached. From here to the commit,
 * the caller's role can't change.
 * @throws Problem UNAUTHENTICATED, FORBIDDEN
 */
async function confirm({ confirmActor }: DispatchServices, trx: Trx, route: Route, actor: Actor): Promise<void> {
  const role = await confirmActor(trx, actor);
  if (role === undefined) throw unauthenticated("Your session has ended. Log in again.");
  if (route.access !== "public") requireRole(route.access, role);
  // The handler runs with the role that the caller had when it was admitted.
  if (role !== actor.role) throw problems.FORBIDDEN(`Your role has changed to ${role}. Send the request again.`);
}

/**
 * Checks again before a handler that opens its own transactions, and before slow work that precedes the transaction.
 * Neither must begin for a caller whose role has changed.
 */
async function confirmBefore(
  route: Route,
  services: DispatchServices,
  identity: TransactionIdentity | undefined,
  actor: Actor | undefined,
): Promise<void> {
  if (actor === undefined || route.method === "GET") return;
  if (identity?.tenantId !== undefined && route.prepare === undefined) return;
  const { tenantId } = actor;
  await runTransaction(services.knex, { role: coreRole, tenantId }, (trx) => confirm(services, trx, route, actor));
}

function idempotentRequest(
  route: Route,
  { secret }: DispatchServices,
  { headers }: RequestFacts,
  input: Input,
  actor: Actor | undefined,
): IdempotentRequest | undefined {
  if (!isIdempotent(route)) return undefined;
  const given = headers["idempotency-key"];
  const key = readIdempotencyKey(typeof given === "string" ? given : undefined);
  if (key === undefined) return undefined;
  // Hashes the route's path and the checked input. So a trailing slash or another order of fields is the same request.
  const hash = hashRequest(secret, route.method, route.path, [input.params, input.query, input.body]);
  return { key, hash, tenantId: actor?.tenantId, actorId: actor?.userId };
}

/** Runs the handler in one transaction, so that its effect and the stored answer commit together. */
function inTransaction(
  identity: TransactionIdentity,
  route: Route,
  services: DispatchServices,
  actor: Actor | undefined,
  idempotent: IdempotentRequest | undefined,
  params: unknown,
  call: (trx: Trx) => Promise<Reply>,
): Promise<Reply> {
  const isWrite = route.method !== "GET" && identity.tenantId !== undefined;
  return runTransaction(
    services.knex,
    identity,
    (trx) =>
      whileConfirming(services, trx, route, isWrite ? actor : undefined, async () => {
        const reply = await answer(trx);
        const change = changeOf(route, actor, params, reply);
        if (change !== undefined) afterCommit(trx, (knex) => announceChange(knex, change));
        return reply;
      }),
    { readOnly: route.method === "GET" },
  );

  async function answer(trx: Trx): Promise<Reply> {
    if (idempotent === undefined) return call(trx);
    const stored = await claimKey(trx, idempotent);
    if (stored !== undefined) return { ...stored, headers: { ...stored.headers, "Idempotency-Replayed": "true" } };
    const reply = await call(trx);
    // A stream can't be stored. It has no effect to protect, so the same key runs the request again.
    if (reply.stream === undefined) {
      await storeAnswer(trx, idempotent, { status: reply.status, headers: reply.headers, body: reply.body ?? "" });
    }
    return reply;
  }
}

/** Runs the work of a write, and checks beside it that the caller can still make the write. */
async function whileConfirming<T>(
  services: DispatchServices,
  trx: Trx,
  route: Route,
  actor: Actor | undefined,
  work: () => Promise<T>,
): Promise<T> {
  // It travels with the next statement and is awaited at the end, so it costs no round trip.
  const confirmed = actor === undefined ? undefined : confirm(services, trx, route, actor);
  confirmed?.catch(() => undefined);
  try {
    return await work();
  } finally {
    // If both fail, the caller gets this error, because a refused caller must see nothing else.
    await confirmed;
  }
}

/**
 * Says whether the request asks what a write would do (`Prefer: dry-run`, RFC 7240). A server may ignore a preference,
 * but this one must be refused where there is no dry run: the caller does not want the write.
 * @throws Problem DRY_RUN_NOT_SUPPORTED
 */
function asksForDryRun(route: Route, { headers }: RequestFacts): boolean {
  if (route.method === "GET" || !prefersDryRun(headers["prefer"])) return false;
  if (hasDryRun(route)) return true;
  throw problems.DRY_RUN_NOT_SUPPORTED("This request does more than one transaction can take back. Leave out Prefer.");
}

function prefersDryRun(header: string | string[] | undefined): boolean {
  return [header ?? []].flat().some((line) => line.split(",").some((part) => /^dry-run$/i.test(part.trim())));
}

/**
 * Runs the whole write, and answers what it would change, or the problem that would refuse it. Nothing is kept and
 * nothing is announced. A problem that a repetition can solve is thrown, as for the write itself.
 */
async function answerDryRun(
  identity: TransactionIdentity,
  route: Route,
  services: DispatchServices,
  actor: Actor | undefined,
  requestId: string,
  call: (trx: Trx) => Promise<Reply>,
): Promise<Reply> {
  let refusal: unknown;
  const work = async (trx: Trx): Promise<Reply> => {
    try {
      return await call(trx);
    } catch (error) {
      refusal = error;
      throw error;
    }
  };
  try {
    const { result, changes, total } = await runDry(services.knex, identity, (trx) =>
      whileConfirming(services, trx, route, actor, () => work(trx)),
    );
    return dryRunReply({ status: result.status, body: result.content ?? null, changes, total_changes: total });
  } catch (error) {
    if (error !== refusal || !(error instanceof Problem) || error.retryable || error.status >= 500) throw error;
    return dryRunReply({
      status: error.status,
      body: problemBody(error, requestId),
      changes: [],
      total_changes: 0,
    });
  }
}

function dryRunReply(body: object): Reply {
  const headers = { "Preference-Applied": "dry-run", "Content-Type": dryRunMediaType };
  return { status: 200, headers, body: JSON.stringify(body) };
}

/** Calls a handler that opens its own transactions. They have committed when it answers. */
async function callAndAnnounce(
  route: Route,
  { knex }: DispatchServices,
  actor: Actor | undefined,
  params: unknown,
  call: (trx: undefined) => Promise<Reply>,
): Promise<Reply> {
  const reply = await call(undefined);
  const change = changeOf(route, actor, params, reply);
  if (change !== undefined) announceChange(knex, change);
  return reply;
}

/** Describes the change that a call made, for the other desks. Undefined for a read and for a repeated answer. */
function changeOf(route: Route, actor: Actor | undefined, params: unknown, reply: Reply): Change | undefined {
  if (route.method === "GET" || actor === undefined || "Idempotency-Replayed" in reply.headers) return undefined;
  const topics = route.changes ?? topicsOfPath(route.path);
  if (topics.length === 0) return undefined;
  const ids = idsOf(topics, params, reply.content);
  return { tenantId: actor.tenantId, topics, ids, by: actor.name, at: new Date().toISOString() };
}

/** Returns the role and tenant of the transaction, or undefined without one. Refuses a misspelled kind. */
function identityFor(pluginId: string, route: Route, actor: Actor | undefined): TransactionIdentity | undefined {
  if (route.transaction === "none") return undefined;
  if (route.transaction === "crossTenant") return { role: crossTenantRoleOf(pluginId) };
  if (route.transaction !== "tenant")
    throw new Error(`${route.id}: ${String(route.transaction)} must be a kind of transaction.`);
  if (actor === undefined) throw new Error(`${route.id}: a public route has no tenant.`);
  return { role: roleOf(pluginId), tenantId: actor.tenantId };
}

async function callHandler(
  route: Route,
  { operations }: DispatchServices,
  input: Parameters<Route["handler"]>[0],
): Promise<Reply> {
  // The declaration links the types of actor and trx to access and transaction. Here the types are generic.
  const answer = await route.handler(input);
  const headers = {
    ...answer.headers,
    ...(answer.etag === undefined ? {} : { ETag: `"${answer.etag}"` }),
  };
  const status = answer.status ?? route.status;
  const { cookies } = answer;
  if (answer.stream !== undefined) return { status, headers, cookies, stream: answer.stream };
  if (route.result === undefined && route.undo === undefined) return { status, headers, cookies };
  // The handler's answer is checked too, so that it can't contain a column by mistake.
  const checked = route.result?.parse(answer.body);
  const undo = undoOf(route, answer, operations);
  const content = undo === undefined ? checked : Object.assign({}, checked, { undo });
  const body = JSON.stringify(content);
  if (route.conditional !== true) return { status, headers, cookies, body, content };
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  const isKnown = hasAnswer(input.request.headers["if-none-match"], etag);
  return { status: isKnown ? 304 : status, headers: { ...headers, ETag: etag }, cookies, ...(isKnown ? {} : { body }) };
}

function send(ctx: Context, route: Route, reply: Reply): void {
  ctx.status = reply.status;
  ctx.set({ ...reply.headers });
  if (reply.cookies !== undefined) ctx.append("Set-Cookie", [...reply.cookies]);
  if (reply.stream !== undefined) {
    // An interrupted stream ends its connection. Otherwise a compressor in a proxy would wait forever.
    finished(reply.stream, { writable: false }, (error) => {
      if (error !== undefined && error !== null && !ctx.res.writableFinished) ctx.res.destroy();
    });
    if (route.mediaType !== undefined && !ctx.res.hasHeader("Content-Type")) ctx.type = route.mediaType;
    ctx.body = reply.stream;
  } else if (reply.body !== undefined && reply.body !== "") {
    if (!ctx.res.hasHeader("Content-Type")) ctx.type = "application/json";
    ctx.body = reply.body;
  } else {
    ctx.body = null;
    ctx.status = reply.status;
  }
}
