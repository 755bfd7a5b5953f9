/**
 * Authenticates the caller: by passport's local strategy for a login, and by an own JWT strategy for other routes. The
 * cookie of a browser takes the place of the JWT.
 */
import type { Context } from "koa";
import passportModule from "koa-passport";
import { Strategy } from "passport";
import { Strategy as LocalStrategy } from "passport-local";

import type { Actor, Authenticator, ConfirmActor, RequestFacts } from "../../../core/mod.ts";
import type { IdentityContext } from "../context.ts";
import { type CheckedLogin, createLogins, type Logins } from "./login.ts";
import { authenticateByCookie } from "../browser/authenticate_cookie.ts";
import { type BrowserSessions, createBrowserSessions } from "../browser/browser_sessions.ts";
import { toActor } from "../sessions/actor.ts";
import { createSessions, type Sessions } from "../sessions/sessions.ts";
import { confirmActor } from "../rights/still_authorized.ts";
import { type AccessTokens, createAccessTokens } from "../sessions/tokens.ts";

export interface Authentication {
  /** Authenticates by `Authorization: Bearer`, or without that header by the cookie of a browser. */
  readonly authenticate: Authenticator;
  /** Returns the caller's current role. Forgets the remembered sessions if the role has changed. */
  readonly confirmActor: ConfirmActor;
  /** Authenticates by `username` and `password` in the parsed body. */
  readonly authenticateByPassword: (
    request: RequestFacts,
    deviceTokens: readonly string[],
  ) => Promise<CheckedLogin | undefined>;
  readonly sessions: Sessions;
  readonly browsers: BrowserSessions;
  readonly logins: Logins;
}

export function createAuthentication(ctx: IdentityContext): Authentication {
  const tokens = createAccessTokens(ctx.env.SECRET_KEY);
  const sessions = createSessions(ctx, tokens);
  const browsers = createBrowserSessions(ctx, sessions);
  const byCookie = authenticateByCookie(browsers, sessions);
  const logins = createLogins(ctx);
  const passport = new passportModule.KoaPassport();
  passport.use("token", new TokenStrategy(tokens, sessions));

  // Creates a middleware for each request, because koa-passport stores the request's promise on the callback.
  const run = <T>(strategy: string | Strategy, context: Context): Promise<T | undefined> =>
    new Promise((resolve, reject) => {
      const done = (error: unknown, found: T | false | null): void => {
        if (error === null || error === undefined) resolve(found === false || found === null ? undefined : found);
        else reject(error);
      };
      // The types only allow names, but passport also accepts a strategy.
      const middleware = passport.authenticate(strategy as string, { session: false }, done);
      // Passport's types demand its own middleware's context. It reads only what Koa's context has.
      Promise.resolve(middleware(context as never, () => Promise.resolve())).catch(reject);
    });

  return {
    confirmActor: async (trx, actor) => {
      let role: string | undefined;
      try {
        role = await confirmActor(trx, actor);
        return role;
      } finally {
        if (role !== actor.role) sessions.forget(actor.tenantId, actor.userId);
      }
    },
    authenticate: (context) =>
      /^Bearer\b/i.test(context.get("Authorization")) ? run<Actor>("token", context) : byCookie(context),
    authenticateByPassword: (request, deviceTokens) =>
      run<CheckedLogin>(passwordStrategy(logins, request, deviceTokens), request.context),
    sessions,
    browsers,
    logins,
  };
}

/** Creates a strategy for one login, which has access to its request. */
function passwordStrategy(logins: Logins, request: RequestFacts, deviceTokens: readonly string[]): Strategy {
  return new LocalStrategy((username, password, done) => {
    logins.check(username, password, request, deviceTokens).then(
      (login) => done(null, login ?? false),
      (error: unknown) => done(error),
    );
  });
}

/** Uses underscores instead of `#private` fields, which `Object.create(strategy)` in passport would lose. */
class TokenStrategy extends Strategy {
  private readonly _tokens: AccessTokens;
  private readonly _sessions: Sessions;

  constructor(tokens: AccessTokens, sessions: Sessions) {
    super();
    this._tokens = tokens;
    this._sessions = sessions;
  }

  override authenticate(request: { headers: { authorization?: string | undefined } }): void {
    const [, token] = /^Bearer ([\w-]+\.[\w-]+\.[\w-]*)$/i.exec(request.headers.authorization ?? "") ?? [];
    this._actorOf(token).then(
      (actor) => (actor === undefined ? this.fail(401) : this.success(actor)),
      (error: unknown) => this.error(error),
    );
  }

  private async _actorOf(token: string | undefined): Promise<Actor | undefined> {
    const claims = token === undefined ? undefined : await this._tokens.verify(token);
    if (claims === undefined) return undefined;
    const session = await this._sessions.find(claims.hotel_id, claims.sid, claims.sub);
    if (session === undefined) return undefined;
    return toActor({ hotelId: claims.hotel_id, userId: claims.sub, sessionId: claims.sid }, session);
  }
}
