/**
 * A route is declared once, as data with its handler. Routing, validation, access, the transaction, idempotency and
 * the OpenAPI document all come from that one declaration.
 */
import type { Readable } from "node:stream";
import type { Context } from "koa";
import type * as z from "zod";

import type { Trx } from "../db/database.ts";
import type { Actor } from "./actor.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/**
 * The transaction of the handler:
 *
 * - `tenant` sees the rows of the caller's tenant;
 * - `crossTenant` sees the rows of all tenants, and needs that permission;
 * - `none` means that the handler opens its own transactions.
 */
export type TransactionKind = "tenant" | "crossTenant" | "none";

/** `"public"`, or the roles that may call. There is no default: a route without an access rule stops the boot. */
export type Access = "public" | readonly string[];

/** So many requests in so many seconds from one address. */
export interface RateLimit {
  readonly points: number;
  readonly seconds: number;
}

/** The input of a handler, completely parsed and checked. */
export interface RouteInput<P, Q, B, A extends Access, U extends TransactionKind, W = undefined> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly actor: A extends "public" ? undefined : Actor;
  readonly trx: U extends "none" ? undefined : Trx;
  /** The result of `prepare`. */
  readonly prepared: W;
  readonly request: RequestFacts;
}

/** The rest of the request that a handler may need. */
export interface RequestFacts {
  readonly id: string;
  /** The caller's address, as the trusted proxies report it. */
  readonly address: string;
  /** The `If-Match` header, for `requireMatch`. */
  readonly ifMatch: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** When the request arrived. The caller's calendar day follows from it. */
  readonly receivedAt: Date;
  /** Aborts when the client has disconnected. */
  readonly signal: AbortSignal;
  /** For a library that needs Koa's own context (passport). Handlers must return their answer and not write it here. */
  readonly context: Context;
}

/** The request that takes a change back. */
export interface UndoCall {
  /** The id of the operation. */
  readonly operation: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Why a change has no way back, in a sentence for a person. */
export interface NoUndo {
  readonly none: string;
}

/** The answer of a handler. */
export interface Answer<R> {
  readonly body?: R;
  /** A file or a stream instead of a body, of the route's `mediaType`. */
  readonly stream?: Readable;
  /** A status other than the declared one. */
  readonly status?: number;
  /** The version of the resource; sent as a strong `ETag`. */
  readonly etag?: string | number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The way back of this change. Needed if the declaration of the route names operations in `undo`. */
  readonly undo?: UndoCall | NoUndo;
  /** Lines of `Set-Cookie`. They are not stored under an `Idempotency-Key`. */
  readonly cookies?: readonly string[];
}

type Output<S> = S extends z.ZodType ? z.output<S> : undefined;
type BodyOutput<S> = S extends "raw" ? Buffer : Output<S>;

export type UndoDeclaration = readonly string[] | NoUndo;

export interface RouteDeclaration<
  P extends z.ZodObject | undefined,
  Q extends z.ZodObject | undefined,
  B extends z.ZodType | "raw" | undefined,
  R extends z.ZodType | undefined,
  A extends Access,
  U extends TransactionKind,
  W = undefined,
  I extends string = string,
  D extends UndoDeclaration | undefined = UndoDeclaration | undefined,
> {
  /** The operation's name in the OpenAPI document, such as `createUser`. */
  readonly id: I;
  readonly method: Method;
  /** As in OpenAPI, parameters in braces: `/users/{user_id}`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly access: A;
  readonly params?: P;
  readonly query?: Q;
  /** A schema for JSON; `"raw"` for the bytes as they came. */
  readonly body?: B;
  /** Accepts `application/x-www-form-urlencoded` as well as JSON. */
  readonly form?: boolean;
  /**
   * Most bytes of the body, unpacked. Default: what the largest body that the schema takes comes to (body_limit.ts).
   */
  readonly bodyLimit?: number;
  /** The status of a successful answer. */
  readonly status: number;
  /** The schema of the answer. Absent for no content, or for a stream. */
  readonly result?: R;
  /** The media type of the answer. Default: `application/json`. */
  readonly mediaType?: string;
  /** Sends a digest of the answer as its `ETag`, and answers 304 to an `If-None-Match` with that tag. For GET. */
  readonly conditional?: boolean;
  /** Codes of the catalog that this route answers with, beyond those of all routes. */
  readonly problems?: readonly string[];
  readonly transaction: U;
  /**
   * The topics of the event that follows a change, for other desks (`live/change.ts`). Default: the first part of the
   * path and the plural of each id in it. Empty: no event.
   */
  readonly changes?: readonly string[];
  /**
   * The operations that can take the change back, or why there is none. The answer then has a member `undo`, which the
   * handler fills with one of the operations or with a reason. Needed for each change that staff make.
   */
  readonly undo?: D;
  /** Accepts `Idempotency-Key`. Default: every POST with a transaction. */
  readonly idempotent?: boolean;
  readonly rateLimit?: RateLimit;
  /**
   * Slow work without a transaction, such as hashing a password. It runs before the transaction gets its connection.
   */
  readonly prepare?: (
    input: Omit<RouteInput<Output<P>, Output<Q>, BodyOutput<B>, A, "none">, "trx" | "prepared">,
  ) => Promise<W>;
  readonly handler: (
    input: RouteInput<Output<P>, Output<Q>, BodyOutput<B>, A, U, W>,
  ) => Promise<Answer<R extends z.ZodType ? z.input<R> : undefined>>;
}

/** A declared route with generic types, as the core uses it. */
export type Route = Readonly<
  Omit<
    RouteDeclaration<
      z.ZodObject | undefined,
      z.ZodObject | undefined,
      z.ZodType | "raw" | undefined,
      z.ZodType | undefined,
      Access,
      TransactionKind
    >,
    "handler" | "prepare"
  >
> & {
  readonly prepare?: (
    input: Omit<RouteInput<unknown, unknown, unknown, Access, "none">, "trx" | "prepared">,
  ) => Promise<unknown>;
  readonly handler: (
    input: RouteInput<unknown, unknown, unknown, Access, TransactionKind, unknown>,
  ) => Promise<Answer<unknown>>;
};

declare const types: unique symbol;

/** The types of a route's input and answer. They exist for the type checker only, and clients are typed by them. */
export interface Typed<I extends string, P, Q, B, R> {
  readonly [types]?: { readonly id: I; readonly params: P; readonly query: Q; readonly body: B; readonly result: R };
}

/** The way back in the body of an answer. */
export type Undo =
  | NoUndo
  | {
      readonly operation: string;
      readonly method: Method;
      /** With its query. */
      readonly path: string;
      readonly body?: unknown;
    };

type WithUndo<R> = R extends undefined ? { readonly undo: Undo } : R & { readonly undo: Undo };

type Input<S> = S extends z.ZodType ? z.input<S> : undefined;
type Result<S> = S extends z.ZodType ? z.output<S> : undefined;

/**
 * The operations of a union of routes, by their ids: what a client sends, and the answer that it gets.
 * `export type PmsApi = ApiOf<ReturnType<typeof bookingRoutes>[number]>`
 */
export type ApiOf<T> = {
  [
    O in T extends { readonly [types]?: infer O } ? NonNullable<O> : never as O extends { id: infer I extends string }
      ? I
      : never
  ]: O;
};

/** Declares a route. The handler's input is typed by the schemas beside it. */
export function route<
  const I extends string,
  const A extends Access,
  const U extends TransactionKind,
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | "raw" | undefined = undefined,
  R extends z.ZodType | undefined = undefined,
  W = undefined,
  const D extends UndoDeclaration | undefined = undefined,
>(
  declaration: RouteDeclaration<P, Q, B, R, A, U, W, I, D>,
): Route & Typed<I, Input<P>, Input<Q>, Input<B>, D extends undefined ? Result<R> : WithUndo<Result<R>>> {
  // The core parses with these schemas before it calls the handler, so the generic types are safe.
  return declaration as unknown as Route;
}

/** Says whether the route accepts an `Idempotency-Key`. */
export function isIdempotent(declared: Route): boolean {
  return declared.idempotent ?? (declared.method === "POST" && declared.transaction !== "none");
}
