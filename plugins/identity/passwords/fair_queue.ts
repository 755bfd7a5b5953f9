/** Slow work, so many pieces at a time, in a queue in which nobody stands in everybody's way. */

/** Whose piece of work it is. */
export interface Turn<Kind extends string> {
  readonly kind: Kind;
  /** The line in which it waits: the lines of a kind take turns. */
  readonly line: string;
  /** The groups that it belongs to, such as an address and the networks around it. Each may have so many waiting. */
  readonly shares: readonly Share[];
}

export interface Share {
  readonly key: string;
  readonly most: number;
}

export interface FairQueueSettings<Kind extends string> {
  /** Pieces of work that run at a time. */
  readonly lanes: number;
  /** Most that wait, of each kind. */
  readonly most: Readonly<Record<Kind, number>>;
  /** The kind that goes before the others: of each four pieces it has three, as long as any of it waits. */
  readonly first: Kind;
}

export interface FairQueueRefusals {
  /** Where a group has its share already. */
  readonly share: () => Error;
  /** Where there is no room for its kind. */
  readonly full: () => Error;
}

/** Lines that take turns. */
type Lines = Map<string, (() => void)[]>;

/** @returns what runs a piece of work in its turn, or throws the refusal at once */
export function createFairQueue<Kind extends string>(
  { lanes, most, first }: FairQueueSettings<Kind>,
  refusals: FairQueueRefusals,
): <T>(turn: Turn<Kind>, work: () => Promise<T>) => Promise<T> {
  let running = 0;
  let passes = 0;
  /** How many wait, by kind, and by kind and group. */
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

  /** The lane goes to the first of the next line; or it is given up. */
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

/** Takes the first of the next line, which then goes behind the others. */
function takeNext(lines: Lines): (() => void) | undefined {
  const [name, line] = lines.entries().next().value ?? [];
  if (name === undefined || line === undefined) return undefined;
  const next = line.shift();
  lines.delete(name);
  if (line.length > 0) lines.set(name, line);
  return next;
}
