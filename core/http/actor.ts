import type { Context } from "koa";

import type { Trx } from "../db/database.ts";
import type { Problem } from "../errors.ts";

/** Who is calling: one member of staff, in one tenant, in one role, by one session. */
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
 * Says who is calling, or undefined where the request carries no credentials that hold.
 * Throws only where the answer can't be known (an outage).
 */
export type Authenticator = (ctx: Context) => Promise<Actor | undefined>;

/**
 * Reads, in the transaction of a write, which role the actor has now, and keeps it from being changed until the
 * transaction ends; undefined where the session has ended. Runs as the authenticator's own role.
 *
 * It must send all its statements before it first waits, because the handler's statements travel right behind them.
 */
export type ConfirmActor = (trx: Trx, actor: Actor) => Promise<string | undefined>;
