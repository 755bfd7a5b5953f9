/**
 * The attack suite. Attacks one hotel as another hotel, as a lower role and with forged tokens, through every operation
 * of `/openapi.json`. A new route is attacked without a change here.
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
import { attackFromOtherPages, checkOwnPage } from "../testing/attack/other_pages.ts";
import { TestBrowser } from "../testing/clients/browser_session.ts";
import type { TestAnswer } from "../testing/client.ts";
import { readTenantRows } from "../testing/attack/tenant_rows.ts";
import { forgeTokens, type Genuine, resign } from "../plugins/identity/testing/forged_tokens.ts";
import { eventually, logIn, signUpHotel, startTestPlatform, type TestPlatform } from "../testing/platform.ts";
import { arrangeTwoHotels, type TwoHotels } from "../testing/attack/two_hotels.ts";

/** The only calls that need no login (SPEC, sections 2 and 4). */
const publicCalls = ["POST /hotels", "POST /auth/token", "POST /auth/session", "POST /billing/webhook"];

/**
 * Calls that are forbidden to receptionists: "no users, no billing, no reports beyond the day's lists". Only managers
 * change the inventory.
 */
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

const allowedOrigin = "https://app.example.com";

/** Removes the field that only managers can send: a receptionist can move a booking, but not past a restriction. */
function withoutManagersField(body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  return Object.fromEntries(Object.entries(body).filter(([name]) => name !== "override_restrictions"));
}

describe("The attack suite", function () {
  this.timeout(120_000);
  let platform: TestPlatform;
  let hotels: TwoHotels;
  let operations: Operation[];
  const nameOf = ({ method, path }: Operation): string => `${method} ${path}`;
  /**
   * Digests of all tables but the security log, which records the attacks themselves. The tenant isolation of the log
   * is tested in plugins/identity/staff/audit_test.ts.
   */
  const readDigests = async () => {
    const { "core.audit_events": _log, ...others } = (await readTenantRows(platform.owner)).digests;
    return others;
  };

  /** Waits for the reports that earlier attacks on the own hotel have ordered. A worker changes their rows. */
  const finishReports = () =>
    eventually(async () => {
      const open = await platform
        .owner("core.outbox")
        .where({ queue: "reporting" })
        .whereNull("dead_at")
        .first("job_id");
      return open === undefined ? true : undefined;
    }, 60_000);

  before(async () => {
    platform = await startTestPlatform({ variables: { FAILED_LOGINS: "10000", CORS_ORIGINS: allowedOrigin } });
    hotels = await arrangeTwoHotels(platform);
    operations = operationsOf((await platform.client.get("/openapi.json")).body as ApiDocument);
  });
  after(() => platform.close());

  describe("One hotel attacks another", () => {
    it("The suite has a foreign id for every place in which an operation takes an id", () => {
      const targets = targetsOf(operations, hotels.attack);
      expect(targets.length).to.be.greaterThan(20);
      expect(unarrangedTargets(operations, hotels.attack)).to.deep.equal([]);
    });

    it("A foreign id is answered like an unknown id, byte for byte, and changes nothing", async () => {
      const before = await readDigests();
      expect(Object.keys(before).length).to.be.greaterThan(10);
      expect(await attackForeignIds(targetsOf(operations, hotels.attack), hotels.attack)).to.deep.equal([]);
      expect(await readDigests()).to.deep.equal(before);
    });

    it("No read shows data of the other hotel, also with a cursor of that hotel", async () => {
      expect(await attackReads(operations, hotels.attack, hotels.victim.managerToken)).to.deep.equal([]);
    });

    it("An Idempotency-Key of the other hotel does not return that hotel's answer", async () => {
      const headers = { "idempotency-key": "the-same-in-both" };
      const body = { name: "Under one key", capacity: 1, rate: "1.00" };
      const theirs = await platform.client.post("/room-types/", body, { token: hotels.victim.managerToken, headers });
      const ours = await platform.client.post("/room-types/", body, { token: hotels.attacker.managerToken, headers });
      expect([theirs.status, ours.status]).to.deep.equal([201, 201]);
      expect(ours.headers.get("idempotency-replayed")).to.equal(null);
      expect(ours.body.room_type_id).not.to.equal(theirs.body.room_type_id);
    });

    it("The time of an answer does not show whether an id exists", async () => {
      expect(await attackByTime(targetsOf(operations, hotels.attack), hotels.attack)).to.deep.equal([]);
    });
  });

  describe("An attacker sends an invalid token", () => {
    it("Every operation answers 401 to every forged token, with the same body", async () => {
      const { attacker, victim } = hotels;
      const login = await platform.client.post("/auth/token", { username: attacker.username, password });
      const genuine: Genuine = {
        accessToken: login.body.access_token as string,
        refreshToken: login.body.refresh_token as string,
        secret: platform.variables["SECRET_KEY"] as string,
        otherHotelId: victim.hotelId,
        otherUserId: attacker.things.get("user_id")?.[0] as string,
      };
      const valid = await platform.client.get("/auth/me", { token: await resign(genuine) });
      expect(valid.status, "the forger can sign a valid token").to.equal(200);

      const before = await readDigests();
      const secured = operations.filter(({ roles }) => roles !== undefined);
      const faults: string[] = [];
      let firstBody: string | undefined;
      for (const { wrong, authorization } of await forgeTokens(genuine)) {
        // Fills the session cache with the genuine session, which must not admit a forged token.
        await platform.client.get("/auth/me", { token: genuine.accessToken });
        for (const operation of secured) {
          const { method, path, body } = ownRequest(operation);
          const headers = { "x-request-id": "forged", ...(authorization === undefined ? {} : { authorization }) };
          const answer = await platform.client.call(method, path, body, { headers });
          firstBody ??= answer.text;
          const challenged = answer.headers.get("www-authenticate") !== null;
          if (answer.status !== 401 || !challenged || answer.text !== firstBody)
            faults.push(`${nameOf(operation)}, with a token that ${wrong}: ${answer.status} ${answer.text}`);
        }
      }
      expect(faults).to.deep.equal([]);
      expect(await readDigests()).to.deep.equal(before);
    });

    it("Only the public calls of the specification need no token", () => {
      const open = operations.filter(({ roles }) => roles === undefined).map(nameOf);
      expect(open).to.have.members(publicCalls);
    });
  });

  describe("A page of another origin attacks the session of a browser", () => {
    it("Every operation refuses it, and nothing changes", async () => {
      const browser = await logInBrowser(hotels.attacker.username);
      const before = await readDigests();
      const attack = { client: platform.client, browser, request: ownRequest, allowedOrigin };
      expect(await attackFromOtherPages(operations, attack)).to.deep.equal([]);
      expect(await readDigests()).to.deep.equal(before);
      expect((await browser.get("/auth/me")).status, "the session is still open").to.equal(200);
    });

    it("The same requests of our own page are not refused", async () => {
      const { username } = await signUpHotel(platform.client);
      const browser = await logInBrowser(username);
      const attack = { client: platform.client, browser, request: ownRequest, allowedOrigin };
      expect(await checkOwnPage(operations, attack, () => logInBrowser(username))).to.deep.equal([]);
    });
  });

  describe("A role attacks operations of another role", () => {
    it("Every operation declares the roles of the specification", () => {
      const secured = operations.filter(({ roles }) => roles !== undefined);
      const wrong = secured.filter((operation) => {
        const expected = managersOnly.some((rule) => rule.test(nameOf(operation)));
        return expected && operation.roles?.join() !== "manager";
      });
      expect(wrong.map(nameOf)).to.deep.equal([]);
      expect(secured.filter(({ roles }) => roles?.includes("manager") !== true).map(nameOf)).to.deep.equal([]);
    });

    it("A receptionist gets 403 from every operation of managers, and changes nothing", async () => {
      const token = hotels.attacker.receptionistToken;
      const forbidden = operations.filter(({ roles }) => roles !== undefined && !roles.includes("receptionist"));
      expect(forbidden.length).to.be.greaterThan(10);
      await finishReports();
      const before = await readDigests();
      const faults: string[] = [];
      for (const operation of forbidden) {
        const { method, path, body } = ownRequest(operation);
        const answer = await platform.client.call(method, path, body, { token });
        if (answer.status !== 403 || answer.body.code !== "FORBIDDEN") faults.push(describeAnswer(operation, answer));
      }
      expect(faults).to.deep.equal([]);
      expect(await readDigests()).to.deep.equal(before);
    });

    it("Receptionists and managers can call every operation that is declared for them", async () => {
      const hotel = await signUpHotel(platform.client);
      const { username: desk } = (await platform.client.get("/auth/me", { token: hotel.receptionistToken })).body;
      const faults: string[] = [];
      for (const [role, username] of [
        ["receptionist", desk as string],
        ["manager", hotel.username],
      ] as const) {
        for (const operation of operations.filter(({ roles }) => roles?.includes(role) === true)) {
          // Logs in for each operation, because one of them ends the session.
          const token = await logIn(platform.client, username, password);
          const { method, path, body } = ownRequest(operation);
          const sent = role === "manager" ? body : withoutManagersField(body);
          const answer = await platform.client.call(method, path, sent, { token, firstPart: operation.isStream });
          if (["UNAUTHENTICATED", "FORBIDDEN", "INTERNAL"].includes(answer.body?.code as string))
            faults.push(`as ${role}, ${describeAnswer(operation, answer)}`);
        }
      }
      expect(faults).to.deep.equal([]);
    });
  });

  // Runs last, because it changes data.
  describe("The same requests with the attacker's own ids", () => {
    it("The answers differ, so the attacks reached the operations that they aimed at", async () => {
      const token = await logIn(platform.client, hotels.attacker.username, password);
      const attack = { ...hotels.attack, token };
      expect(await checkAim(targetsOf(operations, attack), attack)).to.deep.equal([]);
    });
  });

  const logInBrowser = async (username: string): Promise<TestBrowser> => {
    const browser = new TestBrowser(platform.client);
    expect((await browser.logIn(username, password)).status).to.equal(200);
    return browser;
  };

  /** Makes a valid request with ids of the attacking hotel. */
  const ownRequest = (operation: Operation) => sampleRequest(operation, ({ kind }) => hotels.attack.own.get(kind)?.[0]);

  const describeAnswer = (operation: Operation, { status, text }: TestAnswer): string =>
    `${nameOf(operation)}: ${status} ${text}`;
});
