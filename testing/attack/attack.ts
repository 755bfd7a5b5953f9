/**
 * Attacks one tenant as another, through every operation that takes an id. The requests are made from the OpenAPI
 * document, so a new route is attacked without a change. A new kind of id fails with a message that says what to add.
 *
 * An id of the other tenant must be answered exactly like an unknown id, in every byte, in its headers and in
 * its time. The same request with an id of the attacker must succeed, which shows that it reached the check.
 */
import { newId } from "../../core/values/ids.ts";
import { type IdSlot, type Operation, sampleRequest } from "./api_document.ts";
import type { TestAnswer, TestClient } from "../client.ts";
import { findTimeDifference } from "../timing.ts";

/** Existing ids by their kind. */
export type Things = ReadonlyMap<string, readonly string[]>;

export interface Attacker {
  readonly client: TestClient;
  /** A token of the attacking tenant, with every right inside that tenant. */
  readonly token: string;
  readonly own: Things;
  /** Ids of the other tenant. */
  readonly foreign: Things;
  /** Kinds of ids that name nothing of a tenant, each with the reason. */
  readonly harmless: Readonly<Record<string, string>>;
  /** Words of the other tenant's data, including its ids. No answer can contain one. */
  readonly secrets: readonly string[];
}

/** One place of one operation to attack. */
export interface Target {
  readonly operation: Operation;
  readonly slot: IdSlot;
}

const nameOf = ({ operation, slot }: Target): string =>
  `${operation.method} ${operation.path}, ${slot.kind} in the ${slot.where} at ${slot.pointer}`;

/** Lists every place in which an operation takes an id that is not harmless. */
export function targetsOf(operations: readonly Operation[], { harmless }: Attacker): Target[] {
  return operations.flatMap((operation) =>
    operation.slots.filter(({ kind }) => !(kind in harmless)).map((slot) => ({ operation, slot })),
  );
}

/** Lists targets without ids to attack with. @returns sentences that say what to add */
export function unarrangedTargets(operations: readonly Operation[], attacker: Attacker): string[] {
  const lacks = (things: Things, kind: string): boolean => (things.get(kind)?.length ?? 0) === 0;
  return targetsOf(operations, attacker)
    .filter(({ slot: { kind } }) => lacks(attacker.own, kind) || lacks(attacker.foreign, kind))
    .map(
      (target) =>
        `${nameOf(target)}: the two hotels have no ${target.slot.kind} to attack with. ` +
        `Remedy: make one in both hotels of testing/attack/two_hotels.ts, under the key "${target.slot.kind}".`,
    );
}

/** Sends the target's request with an id in its place, and the attacker's own ids in all others. */
function send(
  { client, token, own }: Attacker,
  { operation, slot }: Target,
  id: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<TestAnswer> {
  const { method, path, body } = sampleRequest(
    operation,
    (other, required) => (other === slot ? id : required || isInside(other) ? own.get(other.kind)?.[0] : undefined),
    { aim: slot },
  );
  // Sends the same request id each time, because the answers are compared byte for byte.
  return client.call(method, path, body, { token, headers: { "x-request-id": "attack", ...headers } });
}

/** True for an id deeper than a field of the body. Its container is sent because of the ids in it. */
function isInside({ pointer }: IdSlot): boolean {
  return pointer.split("/").length > 2;
}

/** Sends each id of the other tenant in each place. @returns the faults as sentences */
export async function attackForeignIds(targets: readonly Target[], attacker: Attacker): Promise<string[]> {
  const faults: string[] = [];
  for (const target of targets) {
    // If-Match is about the row of the path's id. Its answer must not show that a foreign row has this version.
    const conditional = target.operation.takesIfMatch && target.slot.where === "path";
    const conditions = conditional ? [{}, { "if-match": '"1"' }] : [{}];
    for (const foreign of attacker.foreign.get(target.slot.kind) ?? []) {
      for (const headers of conditions) {
        const absent = newId();
        const answer = await send(attacker, target, foreign, headers);
        const nowhere = await send(attacker, target, absent, headers);
        const found = findFaults(target, answer, nowhere, { foreign, absent, secrets: attacker.secrets });
        faults.push(...found.map((words) => `${nameOf(target)} ${JSON.stringify(headers)}: ${words}`));
      }
    }
  }
  return faults;
}

function findFaults(
  target: Target,
  answer: TestAnswer,
  nowhere: TestAnswer,
  { foreign, absent, secrets }: { foreign: string; absent: string; secrets: readonly string[] },
): string[] {
  const faults: string[] = [];
  if (!isRefusal(target, answer)) faults.push(`a foreign id is answered ${answer.status}: ${answer.text}`);
  const [here, there] = [visible(answer, foreign), visible(nowhere, absent)];
  if (here !== there) faults.push(`a foreign id is answered differently from an unknown one:\n${here}\n${there}`);
  return [...faults, ...leaks(answer, secrets, foreign)];
}

/** Accepts 404, and 400 or 422 of operations that check the body first. A filter by an unknown id finds nothing. */
function isRefusal({ operation, slot }: Target, { status, body }: TestAnswer): boolean {
  if ([400, 404, 422].includes(status)) return true;
  const filters = operation.method === "GET" && slot.where === "query";
  return filters && status === 200 && (body as { items?: unknown[] }).items?.length === 0;
}

/** Returns everything that a caller sees, without the date and without the id that it sent. */
function visible({ status, headers, text }: TestAnswer, sent: string): string {
  const shown = [...headers].filter(([name]) => name !== "date");
  return JSON.stringify([status, shown, text]).replaceAll(sent, "<the id>");
}

/** Finds words of the other tenant in an answer. */
function leaks({ text, headers }: TestAnswer, secrets: readonly string[], sent?: string): string[] {
  const all = text + JSON.stringify([...headers]);
  return secrets.filter((word) => word !== sent && all.includes(word)).map((word) => `it shows the other's ${word}`);
}

/** Checks that the requests reach their targets: an own id must be answered differently. @returns the faults */
export async function checkAim(targets: readonly Target[], attacker: Attacker): Promise<string[]> {
  const faults: string[] = [];
  const order = ["GET", "POST", "PUT", "PATCH", "DELETE"];
  const inOrder = [...targets].sort((a, b) => order.indexOf(a.operation.method) - order.indexOf(b.operation.method));
  for (const target of inOrder) {
    const absent = newId();
    const own = attacker.own.get(target.slot.kind)?.[0] ?? "";
    const nowhere = await send(attacker, target, absent);
    const answer = await send(attacker, target, own);
    if ([400, 401, 403, 415, 422].includes(answer.status) || answer.status >= 500) {
      faults.push(
        `${nameOf(target)}: with an own id it is answered ${answer.status}, so the attack proves nothing. ` +
          `Remedy: give the fields .meta({ examples }) that fit. ${answer.text}`,
      );
    } else if (visible(answer, own) === visible(nowhere, absent)) {
      faults.push(`${nameOf(target)}: an own id is answered like an unknown one, so the attack proves nothing.`);
    }
  }
  return faults;
}

/** Compares the times of answers to foreign and to unknown ids. @returns the targets with a difference */
export async function attackByTime(targets: readonly Target[], attacker: Attacker): Promise<string[]> {
  const faults: string[] = [];
  for (const target of targets) {
    const foreign = attacker.foreign.get(target.slot.kind)?.[0] ?? "";
    const difference = await findTimeDifference(
      () => send(attacker, target, foreign),
      () => send(attacker, target, newId()),
    );
    if (difference !== undefined) {
      const { ms, z } = difference;
      faults.push(`${nameOf(target)}: a foreign id takes ${ms.toFixed(1)} ms longer (z ${z.toFixed(1)}).`);
    }
  }
  return faults;
}

/** Calls every operation that reads, without an id and with a cursor of the other tenant. @returns the faults */
export async function attackReads(
  operations: readonly Operation[],
  attacker: Attacker,
  foreignToken: string,
): Promise<string[]> {
  const { client, token, own, secrets } = attacker;
  const faults: string[] = [];
  for (const operation of operations.filter(({ method, roles }) => method === "GET" && roles !== undefined)) {
    const { path } = sampleRequest(operation, (slot) => (slot.where === "path" ? own.get(slot.kind)?.[0] : undefined));
    const name = `GET ${operation.path}`;
    faults.push(
      ...leaks(await client.get(path, { token, firstPart: operation.isStream }), secrets).map(
        (words) => `${name}: ${words}`,
      ),
    );
    if (!operation.hasCursor) continue;
    const theirs = await client.get(`${path}?limit=1`, { token: foreignToken });
    const { next_cursor: cursor } = theirs.body as { next_cursor: string | null };
    if (cursor === null) {
      faults.push(`${name}: the other hotel needs two rows, because one page has no cursor to attack with.`);
      continue;
    }
    const answer = await client.get(`${path}?cursor=${encodeURIComponent(cursor)}`, { token });
    faults.push(...leaks(answer, secrets).map((words) => `${name} with a foreign cursor: ${words}`));
  }
  return faults;
}
