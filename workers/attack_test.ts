/**
 * The attack suite: what one hotel, one role or one forged token can do to another, through every operation that
 * `/openapi.json` names. A new route is in it without a line changed here.
 */
import { expect } from "chai";

import { type ApiDocument, type Operation, operationsOf, sampleRequest } from "../testing/attack/api_document.ts";
import {
  attackByTime,
  attackForeignIds,
  attackReads,
  checkAim,
  targetsOf,
  unarrangedTargets,
} from "../testing/attack/attack.ts";
import type { TestAnswer } from "../testing/client.ts";
import { readTenantRows } from "../testing/attack/tenant_rows.ts";
import { forgeTokens, type Genuine, resign } from "../plugins/identity/testing/forged_tokens.ts";
import { logIn, signUpHotel, startTestPlatform, type TestPlatform } from "../testing/platform.ts";
import { arrangeTwoHotels, type TwoHotels } from "../testing/attack/two_hotels.ts";

/** The only calls that anyone may make (SPEC, sections 2 and 4). */
const publicCalls = ["POST /hotels", "POST /auth/token", "POST /billing/webhook"];

/** What is not for a receptionist: "no users, no billing, no reports beyond the day's lists", and inventory is a manager's to change. */
const managersOnly = [
  /^\w+ \/users(?!\/me\/)/,
  /^PATCH \/hotels\/me$/,
  /^\w+ \/audit/,
  /^\w+ \/billing\//,
  /^\w+ \/reports(?!\/arrivals)/,
  /^(POST|PUT|DELETE) \/(rooms|room-types|rates)(\/\{\w+\})?$/,
  /^PATCH \/(rooms|room-types|rates)(\/\{\w+\})?$/,
];

const password = "correct-horse-battery";

/** A receptionist may move a booking, but not past a restriction. */
function withoutManagersField(body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  return Object.fromEntries(Object.entries(body).filter(([name]) => name !== "override_restrictions"));
}

describe("an attack through every operation of the API", function () {
  this.timeout(120_000);
  let platform: TestPlatform;
  let hotels: TwoHotels;
  let operations: Operation[];
  const nameOf = ({ method, path }: Operation): string => `${method} ${path}`;
  /** But for the security log, which has the attacks themselves: its own walls are in plugins/identity/staff/audit_test.ts. */
  const digests = async () => {
    const { "core.audit_events": _log, ...others } = (await readTenantRows(platform.owner)).digests;
    return others;
  };

  before(async () => {
    platform = await startTestPlatform({ variables: { FAILED_LOGINS: "10000" } });
    hotels = await arrangeTwoHotels(platform);
    operations = operationsOf((await platform.client.get("/openapi.json")).body as ApiDocument);
  });
  after(() => platform.close());

  describe("of one hotel on another", () => {
    it("has a foreign thing for every place in which an operation takes an id", () => {
      const targets = targetsOf(operations, hotels.attack);
      expect(targets.length).to.be.greaterThan(20);
      expect(unarrangedTargets(operations, hotels.attack)).to.deep.equal([]);
    });

    it("is answered as if nothing were there, to the byte, and changes nothing", async () => {
      const before = await digests();
      expect(Object.keys(before).length).to.be.greaterThan(10);
      expect(await attackForeignIds(targetsOf(operations, hotels.attack), hotels.attack)).to.deep.equal([]);
      expect(await digests()).to.deep.equal(before);
    });

    it("reads nothing of the other's, also with the other's cursor", async () => {
      expect(await attackReads(operations, hotels.attack, hotels.victim.managerToken)).to.deep.equal([]);
    });

    it("is given no answer of the other's under the other's Idempotency-Key", async () => {
      const headers = { "idempotency-key": "the-same-in-both" };
      const body = { name: "Under one key", capacity: 1, rate: "1.00" };
      const theirs = await platform.client.post("/room-types/", body, { token: hotels.victim.managerToken, headers });
      const ours = await platform.client.post("/room-types/", body, { token: hotels.attacker.managerToken, headers });
      expect([theirs.status, ours.status]).to.deep.equal([201, 201]);
      expect(ours.headers.get("idempotency-replayed")).to.equal(null);
      expect(ours.body.room_type_id).not.to.equal(theirs.body.room_type_id);
    });

    it("learns nothing from the time that an answer takes", async () => {
      expect(await attackByTime(targetsOf(operations, hotels.attack), hotels.attack)).to.deep.equal([]);
    });
  });

  describe("by a token that does not hold", () => {
    it("is answered 401 everywhere, whatever is wrong with it, in the same words", async () => {
      const { attacker, victim } = hotels;
      const login = await platform.client.post("/auth/token", { username: attacker.username, password });
      const genuine: Genuine = {
        accessToken: login.body.access_token as string,
        refreshToken: login.body.refresh_token as string,
        secret: platform.variables["SECRET_KEY"] as string,
        otherHotelId: victim.hotelId,
        otherUserId: attacker.things.get("user_id")?.[0] as string,
      };
      const holds = await platform.client.get("/auth/me", { token: await resign(genuine) });
      expect(holds.status, "the forger can sign what holds").to.equal(200);

      const before = await digests();
      const secured = operations.filter(({ roles }) => roles !== undefined);
      const faults: string[] = [];
      let words: string | undefined;
      for (const { wrong, authorization } of await forgeTokens(genuine)) {
        // What the process remembers of the genuine session must not serve a forgery.
        await platform.client.get("/auth/me", { token: genuine.accessToken });
        for (const operation of secured) {
          const { method, path, body } = ownRequest(operation);
          const headers = { "x-request-id": "forged", ...(authorization === undefined ? {} : { authorization }) };
          const answer = await platform.client.call(method, path, body, { headers });
          words ??= answer.text;
          const challenged = answer.headers.get("www-authenticate") !== null;
          if (answer.status !== 401 || !challenged || answer.text !== words)
            faults.push(`${nameOf(operation)}, with a token that ${wrong}: ${answer.status} ${answer.text}`);
        }
      }
      expect(faults).to.deep.equal([]);
      expect(await digests()).to.deep.equal(before);
    });

    it("finds no operation open to anyone that should not be", () => {
      const open = operations.filter(({ roles }) => roles === undefined).map(nameOf);
      expect(open).to.have.members(publicCalls);
    });
  });

  describe("by a role", () => {
    it("finds every operation declared for the roles that the specification gives it", () => {
      const secured = operations.filter(({ roles }) => roles !== undefined);
      const wrong = secured.filter((operation) => {
        const expected = managersOnly.some((rule) => rule.test(nameOf(operation)));
        return expected && operation.roles?.join() !== "manager";
      });
      expect(wrong.map(nameOf)).to.deep.equal([]);
      expect(secured.filter(({ roles }) => roles?.includes("manager") !== true).map(nameOf)).to.deep.equal([]);
    });

    it("is refused to a receptionist exactly where it is not declared for one, and changes nothing there", async () => {
      const token = hotels.attacker.receptionistToken;
      const forbidden = operations.filter(({ roles }) => roles !== undefined && !roles.includes("receptionist"));
      expect(forbidden.length).to.be.greaterThan(10);
      const before = await digests();
      const faults: string[] = [];
      for (const operation of forbidden) {
        const { method, path, body } = ownRequest(operation);
        const answer = await platform.client.call(method, path, body, { token });
        if (answer.status !== 403 || answer.body.code !== "FORBIDDEN") faults.push(said(operation, answer));
      }
      expect(faults).to.deep.equal([]);
      expect(await digests()).to.deep.equal(before);
    });

    it("is open to a receptionist and a manager where it is declared for them", async () => {
      const hotel = await signUpHotel(platform.client);
      const { username: desk } = (await platform.client.get("/auth/me", { token: hotel.receptionistToken })).body;
      const faults: string[] = [];
      for (const [role, username] of [
        ["receptionist", desk as string],
        ["manager", hotel.username],
      ] as const) {
        for (const operation of operations.filter(({ roles }) => roles?.includes(role) === true)) {
          // A login for each: one of the operations ends it.
          const token = await logIn(platform.client, username, password);
          const { method, path, body } = ownRequest(operation);
          const sent = role === "manager" ? body : withoutManagersField(body);
          const answer = await platform.client.call(method, path, sent, { token });
          if (["UNAUTHENTICATED", "FORBIDDEN", "INTERNAL"].includes(answer.body?.code as string))
            faults.push(`as ${role}, ${said(operation, answer)}`);
        }
      }
      expect(faults).to.deep.equal([]);
    });
  });

  // Last: it is the one that changes things.
  describe("with ids of its own", () => {
    it("is answered otherwise: the attacks aimed at what is there", async () => {
      const token = await logIn(platform.client, hotels.attacker.username, password);
      const attack = { ...hotels.attack, token };
      expect(await checkAim(targetsOf(operations, attack), attack)).to.deep.equal([]);
    });
  });

  /** A request that fits, with ids of the attacking hotel. */
  const ownRequest = (operation: Operation) => sampleRequest(operation, ({ kind }) => hotels.attack.own.get(kind)?.[0]);

  const said = (operation: Operation, { status, text }: TestAnswer): string =>
    `${nameOf(operation)}: ${status} ${text}`;
});
