/** Reads server-sent events in a test. */
import type { TestClient } from "../client.ts";

export interface SentEvent {
  readonly event: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads fields of an event before it asserts the shape
  readonly data: any;
}

/** An open event stream. Close it at the end of the test. */
export class TestEventStream {
  readonly status: number;
  readonly headers: Headers;
  /** The events so far. */
  readonly events: SentEvent[] = [];
  /** Resolves when the server has ended the stream. */
  readonly ended: Promise<void>;
  readonly #abort: AbortController;
  #wake: () => void = () => undefined;

  private constructor(response: Response, abort: AbortController) {
    this.status = response.status;
    this.headers = response.headers;
    this.#abort = abort;
    this.ended = this.#read(response).catch(() => undefined);
  }

  static async open(
    client: TestClient,
    headers: Readonly<Record<string, string>>,
    path = "/events/stream",
  ): Promise<TestEventStream> {
    const abort = new AbortController();
    return new TestEventStream(await fetch(client.url + path, { headers, signal: abort.signal }), abort);
  }

  /** Waits for the next event that fits, and drops those before it. @throws Error after 10 s */
  async next(fits: (event: SentEvent) => boolean = () => true): Promise<SentEvent> {
    const until = Date.now() + 10_000;
    for (;;) {
      const at = this.events.findIndex(fits);
      if (at >= 0) return this.events.splice(0, at + 1).at(-1) as SentEvent;
      const left = until - Date.now();
      if (left <= 0) throw new Error(`No such event came within 10 s, only ${JSON.stringify(this.events)}.`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.ended;
  }

  async #read({ body }: Response): Promise<void> {
    let text = "";
    const decoder = new TextDecoder();
    for await (const part of body ?? []) {
      text += decoder.decode(part, { stream: true });
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) this.#add(block);
    }
  }

  #add(block: string): void {
    const [, event] = /^event: (.*)$/m.exec(block) ?? [];
    const [, data] = /^data: (.*)$/m.exec(block) ?? [];
    if (event === undefined || data === undefined) return;
    this.events.push({ event, data: JSON.parse(data) });
    this.#wake();
  }
}
