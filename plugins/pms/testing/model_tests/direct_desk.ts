/** A desk that calls the plugin's routes: over HTTP, or straight in units of work, which is much faster and the same code. */
import type { Context } from "koa";
import type { Knex } from "knex";

import { runTransaction, roleOf } from "../../../../core/db/database.ts";
import { Problem, type Route } from "../../../../core/mod.ts";
import type { TestClient } from "../../../../testing/client.ts";
import type { PmsContext } from "../../context.ts";
import pms from "../../mod.ts";
import { directContext } from "../context.ts";

/** A call of a route, by the route's id. */
export interface Call {
  readonly id: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: Readonly<Record<string, unknown>>;
  /** Default: a manager. */
  readonly role?: "manager" | "receptionist";
}

/** What came of it. Whatever is no answer of the catalogue is thrown. */
export interface Outcome {
  /** A problem's code, or OK. */
  readonly code: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests read deep into answers whose shape they are about to assert
  readonly body: any;
}

export type Desk = (call: Call) => Promise<Outcome>;

const { routes = [] } = await pms.setup(directContext as PmsContext as never);
const byId = new Map(routes.map((route) => [route.id, route]));

function routeOf(id: string): Route {
  const route = byId.get(id);
  if (route === undefined) throw new Error(`There is no route ${id}.`);
  return route;
}

/** The codes that a route says it may answer with, beside those of any route. */
export function problemsOf(id: string): readonly string[] {
  return ["NOT_FOUND", "VALIDATION_FAILED", "FORBIDDEN", ...(routeOf(id).problems ?? [])];
}

/**
 * Calls the handlers in units of work of this plugin and hotel, with what the schemas make of the call.
 * @param now when a call comes
 */
export function directDesk(knex: Knex, hotelId: string, now = (): Date => new Date()): Desk {
  const desk = { userId: hotelId, tenantId: hotelId, sessionId: hotelId, name: "the desk" };
  const facts = {
    id: "direct",
    address: "127.0.0.1",
    ifMatch: undefined,
    headers: {},
    signal: new AbortController().signal,
    context: {} as Context,
  };
  return async ({ id, params, query, body, role = "manager" }) => {
    const route = routeOf(id);
    const actor = { ...desk, role };
    const schema = route.body === "raw" ? undefined : route.body;
    const request = { ...facts, receivedAt: now() };
    try {
      const input = {
        params: route.params?.parse(params ?? {}),
        query: route.query?.parse(query ?? {}),
        body: schema?.parse(body ?? {}),
      };
      return await runTransaction(
        knex,
        { role: roleOf("pms"), tenantId: hotelId },
        async (trx) => {
          const answer = await route.handler({ ...input, actor, trx, prepared: undefined, request });
          return { code: "OK", body: route.result?.parse(answer.body) };
        },
        { readOnly: route.method === "GET" },
      );
    } catch (error) {
      if (error instanceof Problem) return { code: error.code, body: { detail: error.message, ...error.members } };
      throw error;
    }
  };
}

/**
 * Calls over HTTP, each call by the next of the clients.
 * @throws Error for an answer that is a fault
 */
export function httpDesk(clients: readonly TestClient[], managerToken: string, receptionistToken: string): Desk {
  let calls = 0;
  return async ({ id, params = {}, query = {}, body, role = "manager" }) => {
    const route = routeOf(id);
    const token = role === "manager" ? managerToken : receptionistToken;
    const client = clients[calls++ % clients.length] as TestClient;
    const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? "");
    const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
    const suffix = search.size === 0 ? "" : `?${search.toString()}`;
    const answer = await client.call(route.method, path + suffix, route.method === "GET" ? undefined : body, { token });
    if (answer.status >= 500) throw new Error(`${id} answered ${answer.status}: ${answer.text}`);
    return { code: answer.status === route.status ? "OK" : (answer.body.code as string), body: answer.body };
  };
}
