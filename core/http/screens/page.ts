/** The one page of the browser app. The scripts that it loads show the screens. */
import { createHash } from "node:crypto";

import type { MountedRoute } from "../dispatch.ts";
import type { ScreensBuild } from "./built_screens.ts";

/** The facts of an operation that a screen needs for a call, with the roles that can call it. */
export type CallData = readonly [method: string, path: string, roles: readonly string[] | "public"];

/** The data that the page gives to the scripts. */
export interface PageData {
  readonly plugins: readonly {
    readonly id: string;
    readonly script: string;
    readonly style: string | null;
    /** The operations that the plugin's screens can call, by id. */
    readonly calls: Readonly<Record<string, CallData>>;
  }[];
}

/** A plugin with screens, and the ids of the operations that they can call. */
export interface PluginScreens {
  readonly id: string;
  readonly calls: readonly string[];
}

/** Where the files of a build are. */
export const filesPath = "/app/a";

/** Collects the data of the page, in the order of the plugins. */
export function pageDataOf(
  build: ScreensBuild,
  plugins: readonly PluginScreens[],
  routes: readonly MountedRoute[],
): PageData {
  const byId = new Map(routes.map(({ route }) => [route.id, route]));
  return {
    plugins: plugins.flatMap(({ id, calls }) => {
      const entry = build.plugins[id];
      if (entry === undefined) return [];
      const known = calls.flatMap((call): [string, CallData][] => {
        const route = byId.get(call);
        return route === undefined ? [] : [[call, [route.method, route.path, route.access]]];
      });
      return [
        { id, script: urlOf(entry.script), style: entry.style && urlOf(entry.style), calls: Object.fromEntries(known) },
      ];
    }),
  };
}

const urlOf = (name: string): string => `${filesPath}/${name}`;

/** A key card on a rack, in the browser's tab. */
const icon =
  "data:image/svg+xml," +
  encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#2264c9"/>` +
      `<path d="M5 3v10M5 8.5 10.5 3M7 7l4 6" stroke="#fff" stroke-width="2" fill="none"/></svg>`,
  );

/** Writes the page. A browser does not run its data block, so the content security policy needs no nonce. */
export function writePage(build: ScreensBuild, data: PageData): { readonly html: string; readonly etag: string } {
  const { shell, plugins } = build;
  const styles = [shell, ...data.plugins.map(({ id }) => plugins[id])].flatMap((entry) => entry?.style ?? []);
  const preloads = [
    ...new Set([shell, ...data.plugins.map(({ id }) => plugins[id])].flatMap((entry) => entry?.preload ?? [])),
  ];
  const html = [
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Keyrack</title>`,
    `<meta name="viewport" content="width=device-width, initial-scale=1">`,
    `<meta name="color-scheme" content="light dark">`,
    `<link rel="icon" href="${icon}">`,
    ...styles.map((name) => `<link rel="stylesheet" href="${urlOf(name)}">`),
    ...preloads.map((name) => `<link rel="modulepreload" href="${urlOf(name)}">`),
    `<script type="application/json" id="keyrack">${JSON.stringify(data).replaceAll("<", "\\u003c")}</script>`,
    `<script type="module" src="${urlOf(shell.script)}"></script>`,
    `</head><body><div id="app"></div><noscript>Keyrack needs JavaScript.</noscript></body></html>`,
  ].join("\n");
  return { html, etag: `"${createHash("sha256").update(html).digest("base64url").slice(0, 22)}"` };
}

/** The page of a process whose screens were not built. */
export const missingPage = [
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Keyrack</title></head><body>`,
  `<h1>The screens were not built</h1><p>Run <code>npm run screens</code>, then start this process again.`,
  `The <a href="/docs">API</a> works.</p></body></html>`,
].join("\n");

/**
 * Lets the page load scripts, styles and data from its own origin alone. `keyrack-sw` is the only Trusted Types policy.
 * It lets the page register its service worker.
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  ["img-src 'self'", "data:", "blob:"].join(" "),
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types keyrack-sw",
].join("; ");
