/**
 * Says whether a browser sent the request for a page of this server. Browsers add a session cookie to the requests of
 * other pages too, and only this check distinguishes them. A program with a token needs no such check, because no
 * browser adds a token by itself.
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
 */
import type { Context } from "koa";

const safeMethods = new Set(["GET", "HEAD"]);

/**
 * Returns whether the request is the page's own. A request that changes something must prove it: by
 * `Sec-Fetch-Site: same-origin`, or without that header by an `Origin` with our host. Browsers send no
 * `Sec-Fetch-Site` over plain http, and Safari before 16.4 never does.
 *
 * A read is refused only if it comes from another page. `same-site` counts as another page, because cookies do not
 * distinguish the ports of a host.
 */
export function isSameOrigin(ctx: Pick<Context, "method" | "host" | "get">): boolean {
  const isSafe = safeMethods.has(ctx.method);
  const site = ctx.get("Sec-Fetch-Site");
  // `none`: the user opened the address by hand or from a bookmark.
  if (site !== "") return site === "same-origin" || (isSafe && site === "none");
  const origin = ctx.get("Origin");
  return origin === "" ? isSafe : hostOf(origin) === ctx.host.toLowerCase();
}

/** Compares hosts and not schemes, because a proxy that ends TLS might not report the scheme. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
