import type { Permissions } from "./manifest.ts";

const mostRedirects = 5;

/** The headers that a redirect to another host can carry. None of them identifies the caller. */
const harmlessHeaders = ["accept", "accept-language", "content-language", "content-type", "user-agent"];

/**
 * Returns the origins that a manifest names, directly or by an environment variable. A host name means https. The URL
 * in a variable can begin with http, for a test server on this machine.
 */
export function allowedOrigins(net: Permissions["net"], env: Readonly<Record<string, unknown>>): string[] {
  return (net ?? []).flatMap((entry) => {
    if (typeof entry === "string") return [new URL(`https://${entry}`).origin];
    const url = env[entry.env];
    return typeof url === "string" ? [new URL(url).origin] : [];
  });
}

/**
 * Returns a `fetch` that calls only the given origins, also after a redirect. A signal in `init` applies until the body
 * has been read. Node can lose the signal of a `Request` after the headers have arrived, so pass the signal in `init`.
 */
export function guardedFetch(pluginId: string, origins: readonly string[]): typeof fetch {
  const check = ({ protocol, host, origin }: URL): void => {
    const isHttp = protocol === "https:" || protocol === "http:";
    if (isHttp && origins.includes(origin)) return;
    const refused = `The plugin ${pluginId} has no permission to call`;
    if (!isHttp) throw new TypeError(`${refused} a URL with ${protocol} Remedy: use a URL that begins with https://.`);
    if (origins.includes(`https://${host}`))
      throw new TypeError(`${refused} ${origin}, but https://${host}. Remedy: call that instead.`);
    const list = `permissions.net in plugins/${pluginId}/manifest.ts`;
    throw new TypeError(
      protocol === "https:"
        ? `${refused} ${host}. Remedy: add "${host}" to ${list}.`
        : `${refused} ${origin}. Remedy: add \`{ env: NAME }\` to ${list}, and set that variable to this URL.`,
    );
  };
  return async (input, init) => {
    // Combines both arguments: the redirect mode of `init` overrides that of a `Request`.
    const asked = new Request(input, init);
    // Node links the signals of a Request and of its copies by weak references, which a garbage collection cuts.
    // The caller's own signal is passed to each fetch instead, so that a time limit holds.
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    let request = new Request(asked, { redirect: "manual" });
    for (let redirects = 0; ; redirects += 1) {
      const url = new URL(request.url);
      check(url);
      const response = await fetch(request.clone(), signal === undefined ? {} : { signal });
      const location = response.headers.get("location");
      if (response.status < 300 || response.status > 399 || location === null || asked.redirect === "manual")
        return response;
      if (redirects >= mostRedirects || asked.redirect === "error") throw new TypeError(`Redirected from ${url.host}.`);
      const target = new URL(location, url);
      check(target);
      request = redirected(request, target, response.status);
    }
  };
}

/** Makes the next request. After 303, and after 301 or 302 of a POST, it is a GET. Credentials stay in their origin. */
function redirected(request: Request, target: URL, status: number): Request {
  const asGet = (status === 303 && request.method !== "HEAD") || (status < 303 && request.method === "POST");
  const away = target.origin !== new URL(request.url).origin;
  const headers = new Headers(
    [...request.headers].filter(
      ([name]) => (!away || harmlessHeaders.includes(name)) && !(asGet && name.startsWith("content-")),
    ),
  );
  return new Request(target, asGet ? { headers, redirect: "manual" } : new Request(request, { headers }));
}
