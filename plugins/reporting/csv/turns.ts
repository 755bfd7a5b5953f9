/** Lets so many at a time do something; the others wait, in the order in which they came. */
export class Turns {
  readonly #most: number;
  readonly #mostWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(most: number, mostWaiting: number) {
    this.#most = most;
    this.#mostWaiting = mostWaiting;
  }

  /** @returns what gives the turn back, at its first call; undefined where too many wait already */
  async take(): Promise<(() => void) | undefined> {
    if (this.#taken < this.#most) this.#taken += 1;
    else if (this.#waiting.length >= this.#mostWaiting) return undefined;
    // The turn is handed on as it is: nobody else can come between.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const next = this.#waiting.shift();
      if (next === undefined) this.#taken -= 1;
      else next();
    };
  }
}
