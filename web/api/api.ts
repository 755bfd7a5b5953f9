/** Typed calls of operations, for the screens of one plugin. */
import { type CallData, pageData } from "./page_data.ts";
import { problemIn } from "./problem.ts";
import { type Answer, request, type RequestOptions } from "./request.ts";
import { refreshReads } from "./query_client.ts";
import { usePluginId } from "./scope.ts";

/** The types of an operation (`ApiOf` of the core). */
export interface OperationTypes {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly result: unknown;
}

type Part<K extends string, T> = [T] extends [undefined]
  ? unknown
  : object extends T
    ? { readonly [P in K]?: T }
    : { readonly [P in K]: T };

/** The input of a call: `params`, `query` and `body`, as far as the operation has them. */
export type CallInput<O extends OperationTypes> = Part<"params", O["params"]> &
  Part<"query", O["query"]> &
  Part<"body", O["body"]>;

export type CallOptions = Pick<RequestOptions, "ifMatch" | "idempotencyKey" | "signal">;

/** The effect that a change would have (`Prefer: dry-run`). */
export interface DryRun<R> {
  /** The status that the change would answer. */
  readonly status: number;
  /** The body that the change would answer. */
  readonly body: R;
  /** The rows that it would change, at most 1,000. */
  readonly changes: readonly {
    readonly table: string;
    readonly before: Readonly<Record<string, unknown>> | null;
    readonly after: Readonly<Record<string, unknown>> | null;
  }[];
  readonly total_changes: number;
}

/** An operation that a screen can call. It throws `Problem`. */
export interface Call<O extends OperationTypes> {
  (input: CallInput<O>, options?: CallOptions): Promise<Answer<O["result"]>>;
  readonly id: string;
  /** Asks what a change would do, and changes nothing. It throws the `Problem` that would refuse the change. */
  readonly dryRun: (input: CallInput<O>, options?: Pick<CallOptions, "signal">) => Promise<DryRun<O["result"]>>;
  /** The address of the operation with this input, for a download or a link. */
  readonly href: (input: CallInput<O>) => string;
  /** Whether a user of this role can call it. */
  readonly isFor: (role: string) => boolean;
}

export type Api<A> = { readonly [I in keyof A]: A[I] extends OperationTypes ? Call<A[I]> : never };

interface Sent {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

const made = new Map<string, Call<OperationTypes>>();

/** Gives the operations that the manifest of the plugin names in `web.calls`. Any other one throws an error. */
export function useApi<A>(): Api<A> {
  return apiOf<A>(usePluginId());
}

/** The same as `useApi`, where there is no component. */
export function apiOf<A>(pluginId: string): Api<A> {
  const calls = pageData.plugins.find(({ id }) => id === pluginId)?.calls ?? {};
  // The proxy makes each member when it is read, so its target can be empty.
  return new Proxy({} as Api<A>, {
    get: (_target, name) => callOf(pluginId, String(name), calls[String(name)]),
  });
}

function callOf(pluginId: string, id: string, data: CallData | undefined): Call<OperationTypes> {
  const key = `${pluginId} ${id}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  if (data === undefined) {
    throw new Error(`The screens of ${pluginId} can't call ${id}. Remedy: web.calls in its manifest.`);
  }
  const [method, path, roles] = data;
  const call = async (input: Sent, options: CallOptions = {}): Promise<Answer<unknown>> => {
    const answer = await request(method, fill(path, input.params), {
      query: input.query,
      body: input.body,
      ...options,
    });
    if (method !== "GET") await refreshReads();
    return answer;
  };
  const dryRun = async (input: Sent, { signal }: Pick<CallOptions, "signal"> = {}): Promise<DryRun<unknown>> => {
    const address = fill(path, input.params);
    const options = { query: input.query, body: input.body, signal, dryRun: true };
    const { body: dry } = await request<DryRun<unknown>>(method, address, options);
    if (dry.status >= 400) throw problemIn(dry.body, { status: dry.status, title: "" });
    return dry;
  };
  // The types of the plugin's operations say what this answers. Here they are not known.
  const full = Object.assign(call, {
    id,
    dryRun,
    isFor: (role: string) => roles === "public" || roles.includes(role),
    href: (input: Sent) => {
      const search = new URLSearchParams(
        Object.entries(input.query ?? {}).map(([name, value]) => [name, String(value)]),
      );
      return `${fill(path, input.params)}${search.size === 0 ? "" : `?${search.toString()}`}`;
    },
  }) as Call<OperationTypes>;
  made.set(key, full);
  return full;
}

function fill(path: string, params: Readonly<Record<string, unknown>> = {}): string {
  return path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => encodeURIComponent(String(params[name])));
}
