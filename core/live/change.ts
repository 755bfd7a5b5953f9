/** Committed changes, as the other users of a tenant learn of them. They name things by id, and contain no data. */
import * as z from "zod";

import { isUuid } from "../values/ids.ts";

/** The channel on which PostgreSQL announces committed changes to the web processes. */
export const changesChannel = "keyrack_changes";

/** The topic of changes to who may call. Streams check their callers again, and do not pass it on. */
export const sessionsTopic = "sessions";

export interface Change {
  readonly tenantId: string;
  /** The parts of the API that can answer differently now, such as the first part of a path. */
  readonly topics: readonly string[];
  /** The things that changed. Empty if any thing of the topics can have changed. */
  readonly ids: readonly string[];
  /** The name of the user. Null for a job. */
  readonly by: string | null;
  /** The time of the commit, ISO 8601. */
  readonly at: string;
}

/** Most ids of a change. A change of more things names none. */
const mostIds = 20;
const deepest = 3;

/**
 * Returns the topics of a route without `changes`: the first part of its path and the plural of each id in it. So
 * `/notes/{note_id}/pages/{page_id}` has `notes` and `pages`.
 */
export function topicsOfPath(path: string): string[] {
  const [first = "", ...others] = path.split("/").filter(Boolean);
  const ofIds = others.flatMap((part) => {
    const [, kind] = /^\{(\w+)_id\}$/.exec(part) ?? [];
    return kind === undefined ? [] : [pluralOf(kind)];
  });
  return [...new Set([first, ...ofIds])];
}

const pluralOf = (kind: string): string => `${kind.replaceAll("_", "-")}s`;

/**
 * Returns the ids of a change: those of the path, and those of the answer whose kind is a topic. So the topic `notes`
 * takes each `note_id`, and no `author_id`. Returns none if there are more than 20.
 */
export function idsOf(topics: readonly string[], params: unknown, answer: unknown): string[] {
  const found = new Set<string>();
  const add = (value: unknown): void => {
    if (typeof value === "string" && isUuid(value)) found.add(value);
  };
  if (typeof params === "object" && params !== null) for (const value of Object.values(params)) add(value);
  const search = (value: unknown, depth: number): void => {
    if (typeof value !== "object" || value === null || depth > deepest || found.size > mostIds) return;
    for (const [name, part] of Object.entries(value)) {
      if (name.endsWith("_id") && topics.includes(pluralOf(name.slice(0, -3)))) add(part);
      else search(part, depth + 1);
    }
  };
  search(answer, 0);
  return found.size > mostIds ? [] : [...found];
}

const payloadSchema = z.array(
  z.tuple([z.string(), z.array(z.string()), z.array(z.string()), z.string().nullable(), z.string()]),
);

/** Writes changes as the payload of one NOTIFY. */
export function encodeChanges(changes: readonly Change[]): string {
  return JSON.stringify(changes.map(({ tenantId, topics, ids, by, at }) => [tenantId, topics, ids, by, at]));
}

/** Reads a payload. A malformed one has no changes. */
export function decodeChanges(payload: string): Change[] {
  try {
    const changes = payloadSchema.parse(JSON.parse(payload));
    return changes.map(([tenantId, topics, ids, by, at]) => ({ tenantId, topics, ids, by, at }));
  } catch {
    return [];
  }
}
