/** A browser's session in a test: the cookies of a login, sent back as a browser would. */
import type { CallOptions, TestAnswer, TestClient } from "../client.ts";

/** The header of a request that our own page sends. */
export const ownPage = { "sec-fetch-site": "same-origin" };

export class TestBrowser {
  readonly #client: TestClient;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #cookies = new Map<string, string>();
  /** The lines of `Set-Cookie` of the last answer. */
  lines: readonly string[] = [];

  /** @param headers added to each request, such as those of a proxy */
  constructor(client: TestClient, headers: Readonly<Record<string, string>> = {}) {
    this.#client = client;
    this.#headers = headers;
  }

  /** The header that the browser sends. */
  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  logIn = (username: string, password: string): Promise<TestAnswer> =>
    this.call("POST", "/auth/session", { username, password });

  get = (path: string, options?: CallOptions): Promise<TestAnswer> => this.call("GET", path, undefined, options);

  /** Sends a request of our own page, with the cookies. */
  async call(method: string, path: string, body?: unknown, { headers = {} }: CallOptions = {}): Promise<TestAnswer> {
    const { cookie } = this;
    const answer = await this.#client.call(method, path, body, {
      headers: { ...(cookie === "" ? {} : { cookie }), ...ownPage, ...this.#headers, ...headers },
    });
    this.lines = answer.headers.getSetCookie();
    for (const line of this.lines) this.#store(line);
    return answer;
  }

  #store(line: string): void {
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (/; Max-Age=0(;|$)/.test(line)) this.#cookies.delete(name);
    else this.#cookies.set(name, value);
  }
}
