import { useRef } from "preact/hooks";

import { areLetterKeysOn } from "#web/mod.ts";
import type { ChartRow } from "../use_chart.ts";
import type { GridState } from "./cursor.ts";

const arrows: Readonly<Record<string, readonly [down: number, right: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** The keys of the chart. They work while a cell has the focus. */
export function useGridKeys(state: GridState): (event: KeyboardEvent) => void {
  const anchor = useRef<number | undefined>(undefined);
  return (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLButtonElement) return;
    const isUsed = state.planner.carry === undefined ? selectByKey(event) : carryByKey(event);
    if (!isUsed) return;
    event.preventDefault();
    event.stopPropagation();
  };

  function carryByKey({ key }: KeyboardEvent): boolean {
    const { planner, rows, active, show } = state;
    const { carry } = planner;
    const arrow = arrowOf(key);
    if (carry === undefined) return false;
    if (arrow !== undefined) {
      const row = nextRoom(rows, carry.row, arrow[0]);
      planner.setCarry({ ...carry, row });
      show({ row, column: active.column });
    } else if (key === "Enter") {
      state.activate({ row: carry.row, column: active.column });
      planner.drop(carry);
    } else if (key === "Escape") planner.setCarry(undefined);
    else return false;
    return true;
  }

  function selectByKey({ key, shiftKey }: KeyboardEvent): boolean {
    const { planner, sheet, active } = state;
    const arrow = arrowOf(key);
    if (arrow !== undefined) {
      const [down, right] = arrow;
      const column = Math.max(0, Math.min(sheet.days - 1, active.column + right));
      if (shiftKey && right !== 0) {
        anchor.current ??= active.column;
        planner.select(state.rangeOf(active.row, anchor.current, column));
      } else {
        anchor.current = undefined;
        if (planner.selection !== undefined) planner.select(undefined);
      }
      state.activate({ row: active.row + down, column });
      return true;
    }
    const here = state.at(active);
    if (key === "Enter" && here !== undefined) {
      planner.open(planner.selection?.is === "range" ? planner.selection : here);
      return true;
    }
    if (key === "Escape" && planner.selection !== undefined) {
      planner.select(undefined);
      return true;
    }
    if (!areLetterKeysOn.value || here?.is !== "stay") return false;
    if (key === "m") planner.setCarry({ stay: here.stay, room: here.room, row: active.row });
    else if (key === "e") planner.extendByNight(here);
    else return false;
    return true;
  }
}

/** The arrows follow the direction of the language: a key to the left means a later day from right to left. */
function arrowOf(key: string): readonly [down: number, right: number] | undefined {
  const arrow = arrows[key];
  if (arrow === undefined || document.documentElement.dir !== "rtl") return arrow;
  return [arrow[0], -arrow[1]];
}

/** The next row with a room, above or below. */
function nextRoom(rows: readonly ChartRow[], row: number, step: number): number {
  if (step === 0) return row;
  let next = row + step;
  while (rows[next] !== undefined && rows[next]?.room === undefined) next += step;
  return rows[next] === undefined ? row : next;
}
