/**
 * Ends connections on which PostgreSQL answers no more. A server that is alive refuses a statement after `statement_timeout`;
 * of a host that vanished the kernel tells after 15 minutes, and until then its connections would be kept from the pool.
 */

/** A connection of an open transaction, and since when its oldest answer is awaited. */
export interface AnswerWait {
  readonly connection: { readonly connection: { readonly stream: { destroy(error?: Error): void } } };
  /** Milliseconds; undefined: no limit. */
  readonly answerMs: number | undefined;
  /** Statements that have no answer yet. */
  awaited: number;
  /** When the first of them was sent or the last answer came, by `performance.now()`. */
  quietSince: number;
}

const watchMs = 250;
const watched = new Set<AnswerWait>();
let watch: NodeJS.Timeout | undefined;

/** Notes that an answer is awaited, until it comes. */
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
    // pg then fails what is awaited, and Knex's pool throws the connection away.
    unit.connection.connection.stream.destroy(new Error("Connection terminated: PostgreSQL did not answer in time."));
  }
  if (watched.size > 0) return;
  clearInterval(watch);
  watch = undefined;
}
