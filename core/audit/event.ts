/** An event of the security log, as a plugin describes it, and as the table has it. */
import type { Actor } from "../http/actor.ts";
import type { RequestFacts } from "../http/route.ts";

export type AuditValue = string | number | boolean | null;

/** Further facts of an event: `{ role: ["reader", "writer"] }` says from what to what. Never a secret. */
export type AuditDetails = Readonly<Record<string, AuditValue | readonly AuditValue[]>>;

export interface AuditEvent {
  /** What happened, as a past participle: `user_created`. The log has it with the plugin's id before it. */
  readonly kind: string;
  /** Who did it. Undefined: a schedule, or a caller who is not logged in. */
  readonly actor?: Pick<Actor, "userId" | "name" | "tenantId"> | undefined;
  /** In whose log it goes; default: the actor's tenant. */
  readonly tenantId?: string | undefined;
  /** From where: its address, user agent and id are stored. */
  readonly request?: Pick<RequestFacts, "id" | "address" | "headers"> | undefined;
  /** To whom or what it was done. */
  readonly subject?: { readonly type: string; readonly id: string; readonly name?: string } | undefined;
  readonly details?: AuditDetails | undefined;
}

/** The columns of an event that say who, from where and what. */
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

/** An event as these columns have it. */
export type AuditFacts = Readonly<Record<(typeof eventColumns)[number], string | null>> & {
  readonly tenant_id: string;
  readonly kind: string;
};

const longestText = 300;
/** A member with such a name would hold a secret, or look as if it did. */
const secretName = /password|secret|token|hash|credential/i;

/**
 * Folds an event to what is stored of it.
 * @throws Error where it names no tenant, or a detail has the name of a secret: both are faults of the plugin
 */
export function factsOf(pluginId: string, event: AuditEvent): AuditFacts {
  const { kind, actor, request, subject, details = {} } = event;
  const tenantId = event.tenantId ?? actor?.tenantId;
  if (tenantId === undefined) throw new Error(`The audit event ${pluginId}.${kind} names no tenant.`);
  const secret = Object.keys(details).find((name) => secretName.test(name));
  if (secret !== undefined)
    throw new Error(`The audit event ${pluginId}.${kind} has a detail "${secret}": the log holds no secrets.`);
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

/** PostgreSQL can't hold a NUL or half a surrogate pair, and a log needs no long texts. */
function cut(text: string | undefined): string | null {
  return text === undefined ? null : text.slice(0, longestText).toWellFormed().replaceAll("\0", "");
}

/** Each member that two views of a thing differ in, from what to what; a member that is no plain value by its JSON text. */
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
