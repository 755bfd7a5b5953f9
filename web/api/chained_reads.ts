/** Reads of an operation one after the other, each with an input of its own, as far as a screen needs them. */
import { type InfiniteData, keepPreviousData, useInfiniteQuery } from "@tanstack/preact-query";

import type { Call, CallInput, OperationTypes } from "./api.ts";
import { Problem } from "./problem.ts";

export interface ChainedReads<O extends OperationTypes> {
  /** The answers so far, each with its input. They stay while they are read again. */
  readonly pages: readonly { readonly input: CallInput<O>; readonly body: O["result"] }[];
  readonly problem: Problem | undefined;
  /** True until the first answer. */
  readonly isLoading: boolean;
  readonly hasMore: boolean;
  /** Reads the next page, unless a read is under way or has failed. */
  readonly readMore: () => void;
  readonly refresh: () => Promise<unknown>;
}

/**
 * Reads the pages of an operation, and all of them again when their data has changed.
 * The pages of the input before stay until the first new one comes.
 * @param next returns the input of the page after this one, or undefined after the last page
 */
export function useChainedReads<O extends OperationTypes>(
  call: Call<O>,
  first: CallInput<O>,
  next: (body: O["result"], input: CallInput<O>) => CallInput<O> | undefined,
): ChainedReads<O> {
  type Page = ChainedReads<O>["pages"][number];
  // The input is wrapped: TypeScript can't follow the library's type of a page's parameter through a bare generic one.
  type Parameter = { readonly input: CallInput<O> };
  const query = useInfiniteQuery<Page, Error, InfiniteData<Page, Parameter>, readonly unknown[], Parameter>({
    queryKey: [call.id, "chain", first],
    queryFn: async ({ pageParam: { input }, signal }) => ({ input, body: (await call(input, { signal })).body }),
    initialPageParam: { input: first },
    getNextPageParam: ({ body, input }) => {
      const following = next(body, input);
      return following === undefined ? undefined : { input: following };
    },
    placeholderData: keepPreviousData,
  });
  if (query.error !== null && !(query.error instanceof Problem)) throw query.error;
  return {
    pages: query.data?.pages ?? [],
    problem: query.error ?? undefined,
    isLoading: query.isPending,
    hasMore: query.hasNextPage,
    readMore: () => {
      if (!query.isFetching && query.error === null) void query.fetchNextPage();
    },
    refresh: () => query.refetch(),
  };
}
