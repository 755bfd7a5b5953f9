/** Slow work, so many pieces at a time, in a queue in which nobody stands in everybody's way. */

/** Whose piece of work it is. */
export interface Turn {
  /** Work of the `reserved` kind always finds room that the other kind can't fill. */
  readonly reserved: boolean;
  /** Who waits in one line: the lines take turns. */
  readonly key: string;
}

export interface FairQueueSettings {
  /** Pieces of work that run at a time. */
  readonly lanes: number;
  /** Most that wait, of all keys. */
  readonly most: number;
  /** Most that wait of one key. */
  readonly mostOfOne: number;
  /** Most that wait of the kind that is not reserved. */
  readonly mostUnreserved: number;
}

export interface FairQueueRefusals {
  /** Where one key has its share already. */
  readonly share: () => Error;
  /** Where there is no room for anybody, or for its kind. */
  readonly full: () => Error;
}

/** @returns what runs a piece of work in its turn, or throws the refusal at once */
export function createFairQueue(
  { lanes, most, mostOfOne, mostUnreserved }: FairQueueSettings,
  refusals: FairQueueRefusals,
): <T>(turn: Turn, work: () => Promise<T>) => Promise<T> {
  let running = 0;
  let waiting = 0;
  let unreserved = 0;
  /** In the order of their turns. */
  const lines = new Map<string, (() => void)[]>();

  const wait = ({ reserved, key }: Turn): Promise<void> => {
    const name = `${reserved} ${key}`;
    const line = lines.get(name) ?? [];
    if (line.length >= mostOfOne) throw refusals.share();
    if (waiting >= most || (!reserved && unreserved >= mostUnreserved)) throw refusals.full();
    waiting += 1;
    if (!reserved) unreserved += 1;
    lines.set(name, line);
    return new Promise((resolve) => {
      line.push(() => {
        waiting -= 1;
        if (!reserved) unreserved -= 1;
        resolve();
      });
    });
  };

  /** The lane goes to the first of the next line, which then goes behind the others; or it is given up. */
  const pass = (): void => {
    const [name, line] = lines.entries().next().value ?? [];
    const first = line?.shift();
    if (name === undefined || line === undefined || first === undefined) {
      running -= 1;
      return;
    }
    lines.delete(name);
    if (line.length > 0) lines.set(name, line);
    first();
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
