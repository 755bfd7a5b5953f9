/** `GET /` and `GET /app/`: the browser app, from memory. */
import type Router from "@koa/router";
import fresh from "fresh";

import { problems } from "../../errors.ts";
import type { MountedRoute } from "../dispatch.ts";
import type { BuiltScreens } from "./built_screens.ts";
import { contentSecurityPolicy, filesPath, missingPage, pageDataOf, type PluginScreens, writePage } from "./page.ts";

/** The screens of a web process. */
export interface Screens {
  /** In the order in which they were set up. */
  readonly plugins: readonly PluginScreens[];
  /** Undefined if the screens were not built. */
  readonly built: BuiltScreens | undefined;
}

/** Adds the routes of the browser app. An address below `/app/` gives the same page, because scripts show the rest. */
export function screensRoutes(router: Router, screens: Screens, routes: readonly MountedRoute[]): void {
  const { built } = screens;
  router.get("/", (ctx) => ctx.redirect("/app/"));
  router.get(`${filesPath}/:name`, (ctx) => {
    const file = built?.files.get(ctx.params["name"] ?? "");
    if (file === undefined) throw problems.NOT_FOUND("This file belongs to another version. Load the page again.");
    ctx.set("Cache-Control", "public, max-age=31536000, immutable");
    ctx.vary("Accept-Encoding");
    ctx.type = file.type;
    const isPacked = ctx.acceptsEncodings("br", "identity") === "br";
    if (isPacked) ctx.set("Content-Encoding", "br");
    ctx.body = isPacked ? file.brotli : file.plain;
  });
  const page =
    built === undefined ? undefined : writePage(built.build, pageDataOf(built.build, screens.plugins, routes));
  router.get(/^\/app(\/.*)?$/, (ctx) => {
    ctx.type = "text/html";
    if (page === undefined) {
      ctx.status = 503;
      ctx.body = missingPage;
      return;
    }
    ctx.set("Content-Security-Policy", contentSecurityPolicy);
    ctx.set("Cache-Control", "no-cache");
    ctx.set("ETag", page.etag);
    if (fresh(ctx.headers, { etag: page.etag })) ctx.status = 304;
    else ctx.body = page.html;
  });
}
