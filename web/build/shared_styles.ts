/**
 * Removes from the style of a plugin the rules that the style of the shell has. Each plugin reaches the kit, and
 * esbuild puts all styles that an entry reaches into its file. The page loads the style of the shell first.
 */
export function withoutRulesOf(shell: string, style: string): string {
  const shared = new Set(topLevelRules(shell));
  return topLevelRules(style)
    .filter((rule) => !shared.has(rule))
    .join("");
}

/** Splits a minified style into its rules: up to a closing brace, or up to a semicolon outside of braces. */
function topLevelRules(style: string): string[] {
  const rules: string[] = [];
  let [start, depth, quote] = [0, 0, ""];
  for (let at = 0; at < style.length; at += 1) {
    const sign = style[at] ?? "";
    if (quote !== "") {
      if (sign === "\\") at += 1;
      else if (sign === quote) quote = "";
      continue;
    }
    if (sign === '"' || sign === "'") quote = sign;
    if (sign === "{") depth += 1;
    if (sign === "}") depth -= 1;
    if (depth > 0 || (sign !== "}" && sign !== ";")) continue;
    rules.push(style.slice(start, at + 1).trim());
    start = at + 1;
  }
  return [...rules, style.slice(start).trim()].filter((rule) => rule !== "");
}
