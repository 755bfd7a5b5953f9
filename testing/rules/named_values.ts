/**
 * The rule about SQL with many values: a statement with more than nine has named ones. A reader can't check by eye that
 * `$13` or the thirteenth `?` is the thirteenth value of a list.
 */
import { parseSync } from "oxc-parser";

import type { Program } from "./unused_exports.ts";

const most = 9;
const isSql = /\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|VALUES)\b/;

/** Landed migrations. The database has recorded their checksums, so they must not change. */
const isMigration = /\/migrations\//;

/** Returns a fault for each SQL text with more than nine values by position. */
export function positionalFaults(programs: readonly Program[]): string[] {
  return programs
    .filter(({ file }) => !isMigration.test(file))
    .flatMap(({ file, text }) =>
      // Parses only files that can break the rule, because a parse costs 1 ms.
      isSql.test(text) && valuesIn(text) > most ? faultsOf(file, text) : [],
    );
}

function faultsOf(file: string, text: string): string[] {
  const faults: string[] = [];
  JSON.stringify(parseSync(file, text).program, (_name, node: unknown) => {
    if (typeof node !== "object" || node === null || !("type" in node)) return node;
    const sql = textOf(node, text);
    if (sql !== undefined && isSql.test(sql) && valuesIn(sql) > most && "start" in node) {
      const line = text.slice(0, Number(node.start)).split("\n").length;
      faults.push(`${file}:${line} has SQL with more than ${most} values by position. Remedy: name them (:name).`);
    }
    return node;
  });
  return faults;
}

/** Returns the source of a string or template, which is enough to count the values in it. */
function textOf(node: object & { readonly type?: unknown }, text: string): string | undefined {
  const isText = node.type === "TemplateLiteral" || (node.type === "Literal" && "raw" in node);
  return isText && "start" in node && "end" in node ? text.slice(Number(node.start), Number(node.end)) : undefined;
}

/** The greatest number after a dollar sign, or the number of question marks that are values. */
function valuesIn(sql: string): number {
  const numbers = [...sql.matchAll(/\$(\d+)\b/g)].map(([, digits]) => Number(digits));
  // `?.`, `??` and `? x : y` are JavaScript in a template, and `??` is a name.
  const marks = [...sql.matchAll(/(?<=[\s(,])\?(?=[\s,):;]|$)(?! [^,)\n]* : )/gm)].length;
  return Math.max(0, marks, ...numbers);
}
