import type { Context } from "koa";

import type { Trx } from "../db/database.ts";
import type { Problem } from "../errors.ts";

/** The caller: one member of staff, in one tenant, in one role, with one session. */
export interface Actor {
  readonly userId: string;
  readonly tenantId: string;
  readonly role: string;
  readonly sessionId: string;
  /** The name to write into an audit trail. */
  readonly name: string;
  /**
   * The only routes that the actor may call now, and the problem with which all others answer. Undefined: no such
   * limit.
   */
  readonly restriction?: { readonly routeIds: readonly string[]; readonly problem: Problem } | undefined;
}

/**
 * Returns the caller, or undefined if the request has no valid credentials. A caller by a cookie whose request comes
 * from another origin is restricted to no route.
 * Throws only in an outage, when the caller can't be known.
 */
export type Authenticator = (ctx: Context) => Promise<Actor | undefined>;

/**
 * Reads the actor's present role in the transaction of a write, and locks it until the transaction ends. Returns
 * undefined if the session has ended, and throws a Problem if it is locked. Runs as the authenticator's own role.
 *
 * It must send all its statements before its first await, because the handler's statements follow them at once.
 */
export type ConfirmActor = (trx: Trx, actor: Actor) => Promise<string | undefined>;
