/** Runs a limited number of slow tasks at a time. One caller's tasks can't fill the queue. */

/** The place of a task in the queue. */
export interface Turn<Kind extends string> {
  readonly kind: Kind;
  /** The line in which the task waits. The lines of a kind take turns. */
  readonly line: string;
  /** The groups of the task, such as an address and the networks around it. Each limits its waiting tasks. */
  readonly shares: readonly Share[];
}

export interface Share {
  readonly key: string;
  readonly most: number;
}

export interface FairQueueSettings<Kind extends string> {
  /** Tasks that run at a time. */
  readonly lanes: number;
  /** Most waiting tasks of each kind. */
  readonly most: Readonly<Record<Kind, number>>;
  /** The preferred kind. While it has waiting tasks, three of four tasks that start are of this kind. */
  readonly first: Kind;
}

export interface FairQueueRefusals {
  /** A group has its most waiting tasks. */
  readonly share: () => Error;
  /** A kind has its most waiting tasks. */
  readonly full: () => Error;
}

/** Lines of waiting tasks, the next line first. */
type Lines = Map<string, (() => void)[]>;

/** @returns a function that runs a task in its turn, or throws the refusal at once */
export function createFairQueue<Kind extends string>(
  { lanes, most, first }: FairQueueSettings<Kind>,
  refusals: FairQueueRefusals,
): <T>(turn: Turn<Kind>, work: () => Promise<T>) => Promise<T> {
  let running = 0;
  let passes = 0;
  /** Counts the waiting tasks, by kind, and by kind and group. */
  const waiting = new Map<string, number>();
  const preferred: Lines = new Map();
  const others: Lines = new Map();

  const count = (name: string, by: number): void => {
    const left = (waiting.get(name) ?? 0) + by;
    if (left === 0) waiting.delete(name);
    else waiting.set(name, left);
  };

  const wait = ({ kind, line: key, shares }: Turn<Kind>): Promise<void> => {
    const groups = shares.map((share) => ({ name: `${kind} ${share.key}`, most: share.most }));
    if (groups.some((group) => (waiting.get(group.name) ?? 0) >= group.most)) throw refusals.share();
    if ((waiting.get(kind) ?? 0) >= most[kind]) throw refusals.full();
    const names = [kind, ...groups.map(({ name }) => name)];
    for (const name of names) count(name, 1);
    const lines = kind === first ? preferred : others;
    const name = `${kind} ${key}`;
    const line = lines.get(name) ?? [];
    lines.set(name, line);
    return new Promise((resolve) => {
      line.push(() => {
        for (const one of names) count(one, -1);
        resolve();
      });
    });
  };

  /** Starts the first task of the next line, or frees the lane. */
  const pass = (): void => {
    passes += 1;
    const [one, other] = passes % 4 === 0 ? [others, preferred] : [preferred, others];
    const next = takeNext(one) ?? takeNext(other);
    if (next === undefined) running -= 1;
    else next();
  };

  return async (turn, work) => {
    if (running >= lanes) await wait(turn);
    else running += 1;
    try {
      return await work();
    } finally {
      pass();
    }
  };
}

/** Takes the first task of the next line, and moves that line behind the others. */
function takeNext(lines: Lines): (() => void) | undefined {
  const [name, line] = lines.entries().next().value ?? [];
  if (name === undefined || line === undefined) return undefined;
  const next = line.shift();
  lines.delete(name);
  if (line.length > 0) lines.set(name, line);
  return next;
}
