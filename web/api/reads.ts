/** Reads of the server that a screen shows: cached, shared, and read again when something has changed. */
import { keepPreviousData, useQuery } from "@tanstack/preact-query";

import type { Call, CallInput, DryRun, OperationTypes } from "./api.ts";
import { Problem } from "./problem.ts";
import type { Answer } from "./request.ts";

export interface Read<R> {
  /** The last answer. It stays while a new one is under way. */
  readonly body: R | undefined;
  readonly etag: string | undefined;
  /** Why there is no answer, or no newer one. */
  readonly problem: Problem | undefined;
  /** True until the first answer. */
  readonly isLoading: boolean;
  /** True if the body belongs to an earlier input. */
  readonly isOld: boolean;
  /** When the body was read (ms since 1970). */
  readonly readAt: number;
  readonly refresh: () => Promise<unknown>;
}

export interface ReadOptions {
  /** If false, nothing is read. */
  readonly isOn?: boolean;
  /** Reads again after this time (ms). */
  readonly everyMs?: number;
  /** Shows the answer of the input before while a new one is under way. */
  readonly keepsOld?: boolean;
}

/** Reads an operation, and again when its data has changed. */
export function useRead<O extends OperationTypes>(
  call: Call<O>,
  input: CallInput<O>,
  { isOn = true, everyMs, keepsOld = false }: ReadOptions = {},
): Read<O["result"]> {
  const query = useQuery<Answer<O["result"]>>({
    queryKey: [call.id, input],
    queryFn: ({ signal }) => call(input, { signal }),
    enabled: isOn,
    ...(everyMs === undefined ? {} : { refetchInterval: everyMs }),
    ...(keepsOld ? { placeholderData: keepPreviousData } : {}),
  });
  if (query.error !== null && !(query.error instanceof Problem)) throw query.error;
  return {
    body: query.data?.body,
    etag: query.data?.etag,
    problem: query.error ?? undefined,
    isLoading: query.isPending && isOn,
    isOld: query.isPlaceholderData,
    readAt: query.dataUpdatedAt,
    refresh: () => query.refetch(),
  };
}

/** Reads what a change would do, and again when data has changed. Undefined until then, and for a refused change. */
export function useDryRun<O extends OperationTypes>(
  call: Call<O>,
  input: CallInput<O>,
  { isOn = true }: Pick<ReadOptions, "isOn"> = {},
): DryRun<O["result"]> | undefined {
  const query = useQuery<DryRun<O["result"]>>({
    queryKey: [call.id, "dry run", input],
    queryFn: ({ signal }) => call.dryRun(input, { signal }),
    enabled: isOn,
  });
  if (query.error !== null && !(query.error instanceof Problem)) throw query.error;
  return query.error === null ? query.data : undefined;
}
