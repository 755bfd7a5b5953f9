import { useEffect, useMemo } from "preact/hooks";

import { addDays, type CallInput, type Problem, useApi, useRead, useChainedReads } from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";

export type ChartRoom = PmsApi["readChart"]["result"]["rooms"][number];
export type ChartStay = ChartRoom["stays"][number];
export type ChartClosure = ChartRoom["closures"][number];
export type ChartType = PmsApi["readCalendar"]["result"]["items"][number];

/** A row of the chart: the head of a room type, or a room of it. */
export type ChartRow = { readonly type: ChartType; readonly room?: ChartRoom };

export interface Chart {
  readonly rows: readonly ChartRow[];
  readonly types: readonly ChartType[];
  readonly isLoading: boolean;
  readonly problem: Problem | undefined;
  /** Whether there are more rooms than rows. */
  readonly hasMore: boolean;
  readonly readMore: () => void;
  readonly refresh: () => unknown;
}

type Question = CallInput<PmsApi["readChart"]>;

/**
 * Reads the chart, with its rooms grouped by type. A hotel whose rooms fit into one page needs one request.
 * In a larger hotel the first page has rooms of all types. The chart then reads type by type, as far as it is scrolled.
 */
export function useChart(from: string, days: number): Chart {
  const api = useApi<PmsApi>();
  const to = addDays(from, days);
  const calendar = useRead(api.readCalendar, { query: { from, to: addDays(to, -1) } }, { keepsOld: true });
  const types = calendar.body?.items ?? [];
  const read = useChainedReads(
    api.readChart,
    { query: { from, to } },
    ({ next_cursor: cursor }, { query }): Question | undefined => {
      const { room_type_id: typeId } = query;
      if (cursor !== null && typeId !== undefined) return { query: { ...query, cursor } };
      if (cursor === null && typeId === undefined) return undefined;
      const next = types[types.findIndex(({ room_type_id: id }) => id === typeId) + 1];
      return next === undefined ? undefined : { query: { from, to, room_type_id: next.room_type_id } };
    },
  );
  const [first, ...further] = read.pages;
  const isOfAllTypes = first?.body.next_cursor === null;
  const pages = isOfAllTypes ? read.pages : further;
  // The heads of types and the rooms must come from reads of the same days.
  const isSettled = first !== undefined && (isOfAllTypes || further.length > 0);
  useEffect(() => {
    if (first !== undefined && !isSettled && types.length > 0) read.readMore();
  });
  const rows = useMemo(() => {
    const rooms = pages.flatMap(({ body }) => body.rooms);
    return types.flatMap((type): ChartRow[] => {
      const own = rooms.filter(({ room_type_id: id }) => id === type.room_type_id);
      return own.length === 0 ? [] : [{ type }, ...own.map((room) => ({ type, room }))];
    });
  }, [read.pages, types]);
  const problem = read.problem ?? calendar.problem;
  return {
    rows,
    types,
    isLoading: problem === undefined && (!isSettled || calendar.isLoading),
    problem,
    hasMore: !isOfAllTypes && read.hasMore,
    readMore: read.readMore,
    refresh: () => Promise.all([read.refresh(), calendar.refresh()]),
  };
}
