/** Logs repeated errors once in a while. A store that is out of reach answers every try with the same error. */
import type { Logger } from "../process/log.ts";
import { memberOf } from "../values/unknown_value.ts";

/** The time (ms) in which one kind of error is logged once. */
const quietMs = 10_000;

/**
 * Returns the kind of an error: its code, else the first word of its message (Redis answers "OOM command…").
 */
function kindOf(error: Error): string {
  const code = memberOf(error, "code");
  return typeof code === "string" ? code : (error.message.split(" ", 1)[0] ?? error.name);
}

/**
 * Returns a function that logs an error as a warning, each kind at most once in 10 s. The next line of the kind says
 * how many were left out (`left_out`).
 * @param clock gives milliseconds; another one in tests
 */
export function logByKind(
  log: Pick<Logger, "warn">,
  words: string,
  clock: () => number = () => performance.now(),
): (error: Error) => void {
  const kinds = new Map<string, { loggedAt: number; leftOut: number }>();
  return (error) => {
    const kind = kindOf(error);
    const known = kinds.get(kind);
    if (known !== undefined && clock() - known.loggedAt < quietMs) {
      known.leftOut += 1;
      return;
    }
    log.warn({ err: error, ...(known === undefined || known.leftOut === 0 ? {} : { left_out: known.leftOut }) }, words);
    // There are only a few kinds. A message that begins with a new word each time must not fill the memory.
    if (kinds.size >= 100) kinds.clear();
    kinds.set(kind, { loggedAt: clock(), leftOut: 0 });
  };
}
