/** Lists that a screen reads page by page, by the server's cursor. */
import { type InfiniteData, keepPreviousData, useInfiniteQuery } from "@tanstack/preact-query";

import type { Call, CallInput, OperationTypes } from "./api.ts";
import { Problem } from "./problem.ts";
import type { Answer } from "./request.ts";

interface PageBody<I> {
  readonly items: readonly I[];
  readonly next_cursor: string | null;
}

type ItemOf<O extends OperationTypes> = O["result"] extends PageBody<infer I> ? I : never;

export interface Pages<I> {
  /** The items of all pages that were read. Undefined until the first answer. */
  readonly items: readonly I[] | undefined;
  /** Why there is no answer, or no newer one. */
  readonly problem: Problem | undefined;
  readonly isLoading: boolean;
  /** True if the items belong to an earlier input. */
  readonly isOld: boolean;
  readonly hasMore: boolean;
  readonly isReadingMore: boolean;
  /** Reads the next page. */
  readonly readMore: () => Promise<unknown>;
  readonly refresh: () => Promise<unknown>;
}

/** Reads a list: its first page, further pages on request, and all of them again when data has changed. */
export function usePages<O extends OperationTypes & { readonly result: PageBody<unknown> }>(
  call: Call<O>,
  input: CallInput<O>,
): Pages<ItemOf<O>> {
  const query = useInfiniteQuery<
    Answer<O["result"]>,
    Error,
    InfiniteData<Answer<O["result"]>>,
    readonly unknown[],
    string | undefined
  >({
    queryKey: [call.id, "pages", input],
    queryFn: ({ signal, pageParam }) => call(withCursor(input, pageParam), { signal }),
    initialPageParam: undefined,
    getNextPageParam: ({ body }) => body.next_cursor,
    placeholderData: keepPreviousData,
  });
  if (query.error !== null && !(query.error instanceof Problem)) throw query.error;
  return {
    // The items of the operation's answer are of its type. TypeScript can't infer that from the type parameter.
    items: query.data?.pages.flatMap(({ body }) => body.items) as readonly ItemOf<O>[] | undefined,
    problem: query.error ?? undefined,
    isLoading: query.isPending,
    isOld: query.isPlaceholderData,
    hasMore: query.hasNextPage,
    isReadingMore: query.isFetchingNextPage,
    readMore: () => query.fetchNextPage(),
    refresh: () => query.refetch(),
  };
}

/** Adds the cursor to the query of an input. */
function withCursor<O extends OperationTypes>(input: CallInput<O>, cursor: string | undefined): CallInput<O> {
  if (cursor === undefined) return input;
  // The input of a list has a query, if any, and the query of each list has a cursor.
  const { query } = input as { readonly query?: object };
  return Object.assign({}, input, { query: { ...query, cursor } });
}
