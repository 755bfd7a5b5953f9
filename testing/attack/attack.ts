/**
 * One tenant attacks another through every operation that takes an id. The requests are made of the OpenAPI document, so
 * a new route is attacked as it is; what its schemas can't say (a foreign thing of a new kind) fails with words.
 *
 * An attack is refused well if the answer to an id of the other tenant is the answer to an id that exists nowhere: to the
 * byte, in its headers, and in its time. That the request reaches the wall at all is shown by sending it with an own id.
 */
import { newId } from "../../core/values/ids.ts";
import { type IdSlot, type Operation, sampleRequest } from "./api_document.ts";
import type { TestAnswer, TestClient } from "../client.ts";
import { timesTell } from "../timing.ts";

/** Things that exist, by the kind of their id. */
export type Things = ReadonlyMap<string, readonly string[]>;

export interface Attacker {
  readonly client: TestClient;
  /** A token of the attacking tenant, with every right that there is inside it. */
  readonly token: string;
  readonly own: Things;
  /** The other tenant's. */
  readonly foreign: Things;
  /** What is called an id and names nothing of a tenant's, with the reason. */
  readonly harmless: Readonly<Record<string, string>>;
  /** Words of the other tenant's data, ids among them: none may be in an answer. */
  readonly secrets: readonly string[];
}

/** One place of one operation to attack. */
export interface Target {
  readonly operation: Operation;
  readonly slot: IdSlot;
}

const nameOf = ({ operation, slot }: Target): string =>
  `${operation.method} ${operation.path}, ${slot.kind} in the ${slot.where} at ${slot.pointer}`;

/** Every place in which an operation takes an id that means something. */
export function targetsOf(operations: readonly Operation[], { harmless }: Attacker): Target[] {
  return operations.flatMap((operation) =>
    operation.slots.filter(({ kind }) => !(kind in harmless)).map((slot) => ({ operation, slot })),
  );
}

/** Targets for which there is nothing to attack with; each as a sentence that says what to do. */
export function unarrangedTargets(operations: readonly Operation[], attacker: Attacker): string[] {
  const lacks = (things: Things, kind: string): boolean => (things.get(kind)?.length ?? 0) === 0;
  return targetsOf(operations, attacker)
    .filter(({ slot: { kind } }) => lacks(attacker.own, kind) || lacks(attacker.foreign, kind))
    .map(
      (target) =>
        `${nameOf(target)}: nobody arranged a ${target.slot.kind} to attack with. ` +
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
  // The same request id every time: then answers that say the same are the same.
  return client.call(method, path, body, { token, headers: { "x-request-id": "attack", ...headers } });
}

/** Further in than a field of the body: what holds it is sent for the sake of the ids in it. */
function isInside({ pointer }: IdSlot): boolean {
  return pointer.split("/").length > 2;
}

/** The other tenant's things, each in each place. @returns what is wrong, as sentences */
export async function attackForeignIds(targets: readonly Target[], attacker: Attacker): Promise<string[]> {
  const faults: string[] = [];
  for (const target of targets) {
    // The condition is on what the path names: a foreign thing must not be told by its version either.
    const conditional = target.operation.takesIfMatch && target.slot.where === "path";
    const conditions = conditional ? [{}, { "if-match": '"1"' }] : [{}];
    for (const foreign of attacker.foreign.get(target.slot.kind) ?? []) {
      for (const headers of conditions) {
        const absent = newId();
        const answer = await send(attacker, target, foreign, headers);
        const nowhere = await send(attacker, target, absent, headers);
        const wrong = judge(target, answer, nowhere, { foreign, absent, secrets: attacker.secrets });
        faults.push(...wrong.map((words) => `${nameOf(target)} ${JSON.stringify(headers)}: ${words}`));
      }
    }
  }
  return faults;
}

function judge(
  target: Target,
  answer: TestAnswer,
  nowhere: TestAnswer,
  { foreign, absent, secrets }: { foreign: string; absent: string; secrets: readonly string[] },
): string[] {
  const faults: string[] = [];
  if (!isRefusal(target, answer)) faults.push(`a foreign id is answered ${answer.status}: ${answer.text}`);
  const [here, there] = [visible(answer, foreign), visible(nowhere, absent)];
  if (here !== there) faults.push(`a foreign id is told from one that is nowhere:\n${here}\n${there}`);
  return [...faults, ...leaks(answer, secrets, foreign)];
}

/** 404; where the body is judged first 400 or 422; and a filter by what is not there finds nothing. */
function isRefusal({ operation, slot }: Target, { status, body }: TestAnswer): boolean {
  if ([400, 404, 422].includes(status)) return true;
  const filters = operation.method === "GET" && slot.where === "query";
  return filters && status === 200 && (body as { items?: unknown[] }).items?.length === 0;
}

/** Everything that a caller sees, but for the time and the id that it sent itself. */
function visible({ status, headers, text }: TestAnswer, sent: string): string {
  const shown = [...headers].filter(([name]) => name !== "date");
  return JSON.stringify([status, shown, text]).replaceAll(sent, "<the id>");
}

/** Words of the other tenant's in an answer. */
function leaks({ text, headers }: TestAnswer, secrets: readonly string[], sent?: string): string[] {
  const all = text + JSON.stringify([...headers]);
  return secrets.filter((word) => word !== sent && all.includes(word)).map((word) => `it shows the other's ${word}`);
}

/** That the same requests reach what they aim at: with an own id they are answered otherwise. @returns what is wrong */
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
      faults.push(`${nameOf(target)}: an own id is answered as one that is nowhere, so the attack proves nothing.`);
    }
  }
  return faults;
}

/** @returns the targets whose time tells a foreign id from one that exists nowhere */
export async function attackByTime(targets: readonly Target[], attacker: Attacker): Promise<string[]> {
  const faults: string[] = [];
  for (const target of targets) {
    const foreign = attacker.foreign.get(target.slot.kind)?.[0] ?? "";
    const told = await timesTell(
      () => send(attacker, target, foreign),
      () => send(attacker, target, newId()),
    );
    if (told !== undefined) {
      faults.push(`${nameOf(target)}: a foreign id takes ${told.ms.toFixed(1)} ms longer (z ${told.z.toFixed(1)}).`);
    }
  }
  return faults;
}

/** Every operation that reads, with no id, and with a cursor of the other tenant's. @returns what is wrong */
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
    faults.push(...leaks(await client.get(path, { token }), secrets).map((words) => `${name}: ${words}`));
    if (!operation.hasCursor) continue;
    const theirs = await client.get(`${path}?limit=1`, { token: foreignToken });
    const { next_cursor: cursor } = theirs.body as { next_cursor: string | null };
    if (cursor === null) {
      faults.push(`${name}: the other hotel has one thing at most, so there is no cursor to attack with.`);
      continue;
    }
    const answer = await client.get(`${path}?cursor=${encodeURIComponent(cursor)}`, { token });
    faults.push(...leaks(answer, secrets).map((words) => `${name} with a foreign cursor: ${words}`));
  }
  return faults;
}
