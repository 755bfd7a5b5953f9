import { useEffect, useMemo, useState } from "preact/hooks";

import { addDays, Problem, useApi, useRead } from "#web/mod.ts";
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
  readonly refresh: () => unknown;
}

/** Reads the chart page by page, and again when the hotel's data has changed. Rooms are grouped by type. */
export function useChart(from: string, days: number): Chart {
  const api = useApi<PmsApi>();
  const to = addDays(from, days);
  const first = useRead(api.readChart, { query: { from, to } }, { keepsOld: true });
  const calendar = useRead(api.readCalendar, { query: { from, to: addDays(to, -1) } }, { keepsOld: true });
  const [further, setFurther] = useState<readonly ChartRoom[]>([]);
  const [problem, setProblem] = useState<Problem>();
  useEffect(() => {
    const cursor = first.body?.next_cursor;
    if (first.isOld || cursor === undefined) return undefined;
    if (cursor === null) {
      setFurther([]);
      return undefined;
    }
    const abort = new AbortController();
    const readFurther = async (): Promise<void> => {
      const rooms: ChartRoom[] = [];
      for (let next: string | null = cursor; next !== null;) {
        const { body } = await api.readChart({ query: { from, to, cursor: next } }, { signal: abort.signal });
        if (abort.signal.aborted) return;
        rooms.push(...body.rooms);
        next = body.next_cursor;
      }
      setFurther(rooms);
      setProblem(undefined);
    };
    readFurther().catch((error: unknown) => {
      if (abort.signal.aborted) return;
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
    });
    return () => abort.abort();
  }, [first.readAt, first.isOld, from, to]);
  const rows = useMemo(() => {
    const types = calendar.body?.items ?? [];
    const rooms = [...(first.body?.rooms ?? []), ...further];
    return types.flatMap((type): ChartRow[] => {
      const own = rooms.filter(({ room_type_id: id }) => id === type.room_type_id);
      return own.length === 0 ? [] : [{ type }, ...own.map((room) => ({ type, room }))];
    });
  }, [first.body, further, calendar.body]);
  return {
    rows,
    types: calendar.body?.items ?? [],
    isLoading: first.isLoading || calendar.isLoading,
    problem: first.problem ?? calendar.problem ?? problem,
    refresh: () => Promise.all([first.refresh(), calendar.refresh()]),
  };
}
