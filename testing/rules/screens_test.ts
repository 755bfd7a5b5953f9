import { expect } from "chai";

import { screenFaults } from "./screens.ts";
import { readSource } from "./source.ts";

const faultsOf = (text: string, requires: readonly string[] = ["pms"]): string[] =>
  screenFaults(readSource("examples/plugins/minibar/web/page.tsx", text), "examples/plugins/minibar/", requires);

describe("The rule for screens", () => {
  it("Accepts the shell's face, Preact, own files, and types of the plugin and of required ones", () => {
    const text = `
      import { useState } from "preact/hooks";
      import { useApi } from "#web/mod.ts";
      import css from "./page.module.css";
      import type { MinibarApi } from "../api.ts";
      import type { PmsApi } from "#plugins/pms/api.ts";
      export const load = () => import("./other.tsx");`;
    expect(faultsOf(text)).to.deep.equal([]);
  });

  const planted: readonly (readonly [string, RegExp])[] = [
    [
      `import { routes } from "../routes_charges.ts";`,
      /code of the server: examples\/plugins\/minibar\/routes_charges\.ts/,
    ],
    [`import pg from "pg";`, /imports pg\. Remedy: #web\/mod\.ts/],
    [`import { request } from "../../../../web/api/request.ts";`, /imports web\/api\/request\.ts/],
    [`import type { BillingApi } from "#plugins/billing/api.ts";`, /does not require billing/],
    [`import { x } from "#plugins/pms/port.ts";`, /Remedy: import type/],
    [`const name = "./x.ts"; void import(name);`, /computed name/],
    [`await fetch("https://example.com");`, /uses fetch\. Remedy: useApi/],
    [`localStorage.setItem("a", "b");`, /uses localStorage\.setItem/],
    [`document.cookie = "a=b";`, /uses document\.cookie/],
    [`export const a = <p dangerouslySetInnerHTML={{ __html: "x" }} />;`, /sets HTML/],
  ];
  for (const [text, fault] of planted) {
    it(`Refuses a screen with ${text}`, () => {
      expect(faultsOf(text).join("\n")).to.match(fault);
    });
  }
});
