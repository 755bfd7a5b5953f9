import type { Permissions } from "./plugin.ts";

const mostRedirects = 5;

/** The hosts that a manifest names, with those that stand in the environment filled in. */
export function allowedHosts(net: Permissions["net"], env: Readonly<Record<string, unknown>>): string[] {
  return (net ?? []).flatMap((entry) => {
    if (typeof entry === "string") return [entry];
    const url = env[entry.env];
    return typeof url === "string" ? [new URL(url).host] : [];
  });
}

/** `fetch` that goes only where the manifest says, after a redirect as well. */
export function guardedFetch(pluginId: string, hosts: readonly string[]): typeof fetch {
  const check = (url: URL): void => {
    if (hosts.includes(url.host)) return;
    throw new TypeError(
      `The plugin ${pluginId} may not call ${url.host}. Remedy: permissions.net: ["${url.host}"] in plugins/${pluginId}/manifest.ts.`,
    );
  };
  return async (input, init) => {
    let request = new Request(input, { ...init, redirect: "manual" });
    for (let redirects = 0; ; redirects += 1) {
      const url = new URL(request.url);
      check(url);
      const response = await fetch(request.clone());
      const location = response.headers.get("location");
      if (response.status < 300 || response.status > 399 || location === null || init?.redirect === "manual")
        return response;
      if (redirects >= mostRedirects || init?.redirect === "error") throw new TypeError(`Redirected from ${url.host}.`);
      const target = new URL(location, url);
      check(target);
      // 303, and by custom 301 and 302 of a POST, go on as a GET without the body; credentials stay with their host.
      const asGet = response.status === 303 || (response.status < 303 && request.method === "POST");
      const headers = new Headers(request.headers);
      if (target.host !== url.host) headers.delete("authorization");
      request = new Request(target, asGet ? { headers, redirect: "manual" } : new Request(request, { headers }));
    }
  };
}
