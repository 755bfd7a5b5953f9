import { prepare } from "./prepared_statement.ts";
import type { Trx } from "./transaction.ts";

type NamedValues = Readonly<Record<string, unknown>>;

/** A prepared statement whose parameters have names. */
export interface NamedStatement<Row> {
  /** The statement as PostgreSQL gets it, with `$1`, `$2` and so on. */
  readonly text: string;
  /** Returns the values in the order of the numbers. @throws Error as `run` */
  order(values: NamedValues): unknown[];
  /** @throws Error if a parameter has no value, or a value has no parameter */
  run(trx: Trx, values: NamedValues): Promise<Row[]>;
}

/** Matches `:name`, but not a cast such as `::date`. */
const parameter = /(?<![:\w]):([a-z]\w*)/gi;

/**
 * Declares a prepared statement with named parameters, for statements with more than nine values.
 * @param name unique in the process
 * @param text SQL with `:name` for each value. A name can occur several times. No other part of the text, such as a
 *   string, can contain `:name`
 */
export function prepareNamed<Row = never>(name: string, text: string): NamedStatement<Row> {
  const names = [...new Set([...text.matchAll(parameter)].map(([, found = ""]) => found))];
  const numbered = text.replaceAll(parameter, (_, found: string) => `$${names.indexOf(found) + 1}`);
  const statement = prepare<Row>(name, numbered);
  const order = (values: NamedValues): unknown[] => {
    requireSameNames(name, names, Object.keys(values));
    return names.map((each) => values[each]);
  };
  return { text: numbered, order, run: (trx, values) => statement.run(trx, order(values)) };
}

function requireSameNames(statement: string, parameters: readonly string[], values: readonly string[]): void {
  const missing = parameters.filter((each) => !values.includes(each));
  const unknown = values.filter((each) => !parameters.includes(each));
  if (missing.length === 0 && unknown.length === 0) return;
  throw new Error(
    `The statement ${statement} needs the values of exactly its parameters. ` +
      `Missing: ${missing.join(", ") || "none"}. Unknown: ${unknown.join(", ") || "none"}.`,
  );
}
