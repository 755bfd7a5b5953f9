import type { Permissions } from "./manifest.ts";

const mostRedirects = 5;

/** What may go on to another host of the manifest's: nothing that says who is calling. */
const harmlessHeaders = ["accept", "accept-language", "content-language", "content-type", "user-agent"];

/**
 * The origins that a manifest names, with those that stand in the environment filled in. A host by its name is spoken
 * to by https; the URL of a variable may say http, for a stand-in on this machine.
 */
export function allowedOrigins(net: Permissions["net"], env: Readonly<Record<string, unknown>>): string[] {
  return (net ?? []).flatMap((entry) => {
    if (typeof entry === "string") return [new URL(`https://${entry}`).origin];
    const url = env[entry.env];
    return typeof url === "string" ? [new URL(url).origin] : [];
  });
}

/**
 * `fetch` that goes only where the manifest says, after a redirect as well. A signal in `init` holds until the body has
 * been read. Node itself can lose the signal of a `Request` once the head has arrived, so pass the signal in `init`.
 */
export function guardedFetch(pluginId: string, origins: readonly string[]): typeof fetch {
  const check = ({ protocol, host, origin }: URL): void => {
    const isHttp = protocol === "https:" || protocol === "http:";
    if (isHttp && origins.includes(origin)) return;
    const refused = `The plugin ${pluginId} has no permission to call`;
    if (!isHttp) throw new TypeError(`${refused} by ${protocol} Remedy: a URL that begins with https://.`);
    if (origins.includes(`https://${host}`))
      throw new TypeError(`${refused} ${origin}, but https://${host}. Remedy: call that.`);
    const manifest = `in plugins/${pluginId}/manifest.ts`;
    throw new TypeError(
      protocol === "https:"
        ? `${refused} ${host}. Remedy: permissions.net: ["${host}"] ${manifest}.`
        : `${refused} ${origin}. Remedy: permissions.net: [{ env: NAME }] ${manifest}, with a variable whose URL says http.`,
    );
  };
  return async (input, init) => {
    // Its redirect is that of the options or, where they say nothing, of the Request that was given.
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

/** 303, and by custom 301 and 302 of a POST, go on as a GET without the body; credentials stay with their origin. */
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
