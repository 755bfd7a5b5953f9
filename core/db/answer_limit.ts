/**
 * Ends connections on which PostgreSQL does not answer. A running server refuses a statement after `statement_timeout`.
 * For a host that vanished, the kernel reports an error only after 15 minutes, and the pool would lack the connections
 * until then.
 */

/** A connection of an open transaction, and since when the transaction awaits its oldest answer. */
export interface AnswerWait {
  readonly connection: { readonly connection: { readonly stream: { destroy(error?: Error): void } } };
  /** The limit in milliseconds. Undefined means none. */
  readonly answerMs: number | undefined;
  /** Statements that have no answer yet. */
  awaited: number;
  /** When the first of them was sent or the last answer arrived, by `performance.now()`. */
  quietSince: number;
}

const watchMs = 250;
const watched = new Set<AnswerWait>();
let watch: NodeJS.Timeout | undefined;

/** Watches an awaited answer until it arrives. */
export async function awaitAnswer<T>(unit: AnswerWait, answer: Promise<T>): Promise<T> {
  if (unit.answerMs === undefined) return answer;
  if (unit.awaited === 0) {
    unit.quietSince = performance.now();
    watched.add(unit);
    watch ??= setInterval(endSilent, watchMs).unref();
  }
  unit.awaited += 1;
  try {
    return await answer;
  } finally {
    unit.awaited -= 1;
    unit.quietSince = performance.now();
    if (unit.awaited === 0) watched.delete(unit);
  }
}

function endSilent(): void {
  const now = performance.now();
  for (const unit of watched) {
    if (now - unit.quietSince < (unit.answerMs ?? Infinity)) continue;
    watched.delete(unit);
    // pg then rejects the awaited answers, and Knex's pool discards the connection.
    unit.connection.connection.stream.destroy(new Error("Connection terminated: PostgreSQL did not answer in time."));
  }
  if (watched.size > 0) return;
  clearInterval(watch);
  watch = undefined;
}
