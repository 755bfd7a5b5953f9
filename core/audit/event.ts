/** An event of the security log, as a plugin describes it and as the table stores it. */
import type { Actor } from "../http/actor.ts";
import type { RequestFacts } from "../http/route.ts";

export type AuditValue = string | number | boolean | null;

/**
 * Further facts of an event. `{ role: ["reader", "writer"] }` is a change from one value to another. Never a secret.
 */
export type AuditDetails = Readonly<Record<string, AuditValue | readonly AuditValue[]>>;

export interface AuditEvent {
  /** The event as a past participle: `user_created`. The log puts the plugin's id before it. */
  readonly kind: string;
  /** The actor. Undefined for a schedule, or for a caller who is not logged in. */
  readonly actor?: Pick<Actor, "userId" | "name" | "tenantId"> | undefined;
  /** The tenant whose log gets the event. Default: the actor's tenant. */
  readonly tenantId?: string | undefined;
  /** The request. Its address, user agent and id are stored. */
  readonly request?: Pick<RequestFacts, "id" | "address" | "headers"> | undefined;
  /** The person or thing that the event is about. */
  readonly subject?: { readonly type: string; readonly id: string; readonly name?: string } | undefined;
  readonly details?: AuditDetails | undefined;
}

/** The columns of an event that a plugin fills. */
export const eventColumns = [
  "tenant_id",
  "kind",
  "actor_id",
  "actor_name",
  "address",
  "user_agent",
  "request_id",
  "subject_type",
  "subject_id",
  "subject_name",
  "details",
] as const;

/** The values of these columns. */
export type AuditFacts = Readonly<Record<(typeof eventColumns)[number], string | null>> & {
  readonly tenant_id: string;
  readonly kind: string;
};

const longestText = 300;
/** Names of details that contain a secret, or look as if they did. */
const secretName = /password|secret|token|hash|credential/i;

/**
 * Returns the columns of an event.
 * @throws Error if it names no tenant, or a detail has the name of a secret. Both are faults of the plugin.
 */
export function factsOf(pluginId: string, event: AuditEvent): AuditFacts {
  const { kind, actor, request, subject, details = {} } = event;
  const tenantId = event.tenantId ?? actor?.tenantId;
  if (tenantId === undefined) throw new Error(`The audit event ${pluginId}.${kind} names no tenant.`);
  const secret = Object.keys(details).find((name) => secretName.test(name));
  if (secret !== undefined)
    throw new Error(`The audit event ${pluginId}.${kind} must not contain a secret, such as the detail "${secret}".`);
  return {
    tenant_id: tenantId,
    kind: `${pluginId}.${kind}`,
    actor_id: actor?.userId ?? null,
    actor_name: cut(actor?.name),
    address: cut(request?.address),
    user_agent: userAgentOf(request),
    request_id: cut(request?.id),
    subject_type: cut(subject?.type),
    subject_id: cut(subject?.id),
    subject_name: cut(subject?.name),
    details: JSON.stringify(details, (_name, value: unknown) => (typeof value === "string" ? cut(value) : value)),
  };
}

function userAgentOf(request: AuditEvent["request"]): string | null {
  const given = request?.headers["user-agent"];
  return typeof given === "string" ? cut(given) : null;
}

/** Removes characters that PostgreSQL can't store (NUL, half a surrogate pair), and shortens long texts. */
function cut(text: string | undefined): string | null {
  return text === undefined ? null : text.slice(0, longestText).toWellFormed().replaceAll("\0", "");
}

/** Returns the old and the new value of each member that differs. Lists and objects are given as JSON text. */
export function changedFields<View extends object>(before: View, after: View): AuditDetails {
  const valueOf = (value: unknown): AuditValue =>
    value === undefined || value === null
      ? null
      : typeof value === "string" || typeof value === "number" || typeof value === "boolean"
        ? value
        : JSON.stringify(value);
  const old = new Map<string, unknown>(Object.entries(before));
  return Object.fromEntries(
    Object.entries(after)
      .map(([name, value]) => [name, [valueOf(old.get(name)), valueOf(value)]] as const)
      .filter(([, [from, to]]) => from !== to),
  );
}
