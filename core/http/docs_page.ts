import type Router from "@koa/router";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";

import { packedFile } from "./packed.ts";

const files = new Map([
  ["swagger-ui.css", "text/css"],
  ["swagger-ui-bundle.js", "text/javascript"],
]);

// A page of its own and a script file of its own, so that the content security policy needs no inline script.
const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Keyrack API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css"></head><body><div id="ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body></html>`;
const settings = { url: "/openapi.json", dom_id: "#ui", deepLinking: true };
const start = `SwaggerUIBundle(${JSON.stringify(settings)});`;

/** `GET /docs`: the OpenAPI document as a page to read and to try. */
export function docsRoutes(router: Router): void {
  const assets = path.dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  router.get("/docs", (ctx) => {
    ctx.type = "text/html";
    ctx.body = page;
  });
  router.get("/docs/start.js", (ctx) => {
    ctx.type = "text/javascript";
    ctx.body = start;
  });
  for (const [file, type] of files) {
    router.get(
      `/docs/${file}`,
      packedFile(type, () => readFile(path.join(assets, file))),
    );
  }
}
