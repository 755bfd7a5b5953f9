import axe from "axe-core";
import type { Page } from "playwright-core";

/** The rules of WCAG 2.2, levels A and AA. */
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

interface Violation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/**
 * Checks the page as it is shown now. Sends axe through the debugger, because the content security policy refuses
 * scripts of others.
 * @returns a line for each violation
 */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  const debuggerSession = await page.context().newCDPSession(page);
  await debuggerSession.send("Runtime.evaluate", { expression: axe.source });
  const options = JSON.stringify({ runOnly: tags });
  const run = `axe.run(document, ${options}).then(({ violations }) => JSON.stringify(violations))`;
  const { result } = await debuggerSession.send("Runtime.evaluate", {
    expression: run,
    awaitPromise: true,
    returnByValue: true,
  });
  await debuggerSession.detach();
  const violations = JSON.parse(String(result.value)) as Violation[];
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html.slice(0, 200)}`));
}
