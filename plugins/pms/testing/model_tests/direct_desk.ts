/**
 * Makes a desk for tests: a function that sends a request to a route of the plugin. `directDesk` calls the handler of
 * the route in a transaction. `httpDesk` sends the request over HTTP, which is much slower.
 */
import type { Context } from "koa";
import type { Knex } from "knex";

import { runTransaction, roleOf } from "../../../../core/db/database.ts";
import { Problem, type Route } from "../../../../core/mod.ts";
import { type TestClient } from "#testing/mod.ts";
import type { PmsContext } from "../../context.ts";
import pms from "../../mod.ts";
import { directContext } from "../context.ts";

/** A request to a route, which `id` names. */
export interface Call {
  readonly id: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: Readonly<Record<string, unknown>>;
  /** The role of the caller. The default is a manager. */
  readonly role?: "manager" | "receptionist";
}

/** The answer to a request: a success, or a problem of the catalog. A desk throws any other error. */
export interface Outcome {
  /** The code of a problem, or `OK`. */
  readonly code: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests assert the shape of the answers that they read
  readonly body: any;
}

export type Desk = (call: Call) => Promise<Outcome>;

const { routes = [] } = await pms.setup(directContext as PmsContext as never);
const routesById = new Map(routes.map((route) => [route.id, route]));

function routeOf(id: string): Route {
  const route = routesById.get(id);
  if (route === undefined) throw new Error(`The plugin pms has no route ${id}.`);
  return route;
}

/** Returns the problem codes that a route declares, and those that any route can answer. */
export function problemsOf(id: string): readonly string[] {
  return ["NOT_FOUND", "VALIDATION_FAILED", "FORBIDDEN", ...(routeOf(id).problems ?? [])];
}

/**
 * Makes a desk that calls the handlers in transactions of this plugin and hotel. It parses inputs and answers by the
 * schemas of the route.
 * @param now returns the time at which a request arrives
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
 * Makes a desk that sends requests over HTTP. The clients take turns, so that several web processes can be used.
 * @throws Error for an answer of status 500 or more
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
