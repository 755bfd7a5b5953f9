import type { Context } from "koa";

/** Who is calling: one member of staff, in one tenant, in one role, by one session. */
export interface Actor {
  readonly userId: string;
  readonly tenantId: string;
  readonly role: string;
  readonly sessionId: string;
  /** The name to write into an audit trail. */
  readonly name: string;
}

/**
 * Says who is calling, or undefined where the request carries no credentials that hold.
 * Throws only where the answer can't be known (an outage).
 */
export type Authenticator = (ctx: Context) => Promise<Actor | undefined>;
