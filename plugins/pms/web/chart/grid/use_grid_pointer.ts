import type { RefObject } from "preact";
import { useRef } from "preact/hooks";

import { addDays } from "#web/mod.ts";
import type { Carry, Selection } from "../selection.ts";
import type { Cell, GridState } from "./cursor.ts";
import { usePointer } from "./use_pointer.ts";

/** The clicks and drags of the chart. `body` is the element with the rows. */
export function useGridPointer(state: GridState, body: RefObject<HTMLElement | null>): (event: PointerEvent) => void {
  const { rows, sheet, planner } = state;
  // Two events of the pointer can come before the next render, so the handlers read the carried stay here.
  const carried = useRef<Carry | undefined>(undefined);
  carried.current = planner.carry;
  const range = useRef<{ readonly row: number; readonly one: number; other: number } | undefined>(undefined);
  const carry = (next: Carry | undefined): void => {
    carried.current = next;
    planner.setCarry(next);
  };

  const cellAt = (x: number, y: number): Cell => {
    const box = body.current?.getBoundingClientRect() ?? new DOMRect();
    const isRtl = document.documentElement.dir === "rtl";
    const inline = (isRtl ? box.right - x : x - box.left) - sheet.roomPx;
    const limit = (value: number, most: number): number => Math.max(0, Math.min(most, Math.floor(value)));
    return {
      row: limit((y - box.top) / sheet.rowPx, rows.length - 1),
      column: limit(inline / sheet.columnPx, sheet.days - 1),
    };
  };
  /** The stay or closure whose bar was pressed. A bar reaches into cells of other nights. */
  const pressed = (target: Element, cell: Cell): Selection | undefined => {
    const room = rows[cell.row]?.room;
    const bar = target.closest<HTMLElement>("[data-booking], [data-closure]")?.dataset;
    const stay = room?.stays.find(({ booking_id: id }) => id === bar?.["booking"]);
    if (room !== undefined && stay !== undefined) return { is: "stay", room, stay };
    const closure = room?.closures.find(({ closure_id: id }) => id === bar?.["closure"]);
    if (room !== undefined && closure !== undefined) return { is: "closure", room, closure };
    return state.at(cell);
  };
  /** The stay that was pressed twice, or pressed when it was selected already. */
  const isSelected = (found: Selection | undefined): boolean =>
    found?.is === "stay" &&
    planner.selection?.is === "stay" &&
    found.stay.booking_id === planner.selection.stay.booking_id;

  return usePointer({
    onDragStart: (target, x, y) => {
      const cell = cellAt(x, y);
      const found = pressed(target, cell);
      if (found?.is === "stay") {
        const isEdge = target.closest("[data-edge]") !== null;
        carry({ stay: found.stay, room: found.room, row: cell.row, ...(isEdge ? { to: found.stay.to } : {}) });
      } else if (found?.is === "range") {
        range.current = { row: cell.row, one: cell.column, other: cell.column };
      }
    },
    onDrag: (x, y) => {
      const { row, column } = cellAt(x, y);
      const moved = carried.current;
      const dragged = range.current;
      if (dragged !== undefined) {
        dragged.other = column;
        planner.select(state.rangeOf(dragged.row, dragged.one, column));
      } else if (moved?.to !== undefined) {
        const least = addDays(moved.stay.from, 1);
        const to = addDays(sheet.first, column);
        carry({ ...moved, to: to < least ? least : to });
      } else if (moved !== undefined && rows[row]?.room !== undefined) carry({ ...moved, row });
    },
    onDrop: () => {
      const dragged = range.current;
      range.current = undefined;
      const moved = carried.current;
      if (moved !== undefined) {
        state.activate({ row: moved.row, column: state.active.column });
        planner.drop(moved);
      } else if (dragged !== undefined) {
        const found = state.rangeOf(dragged.row, dragged.one, dragged.other);
        if (found !== undefined) planner.open(found);
      }
    },
    onCancel: () => {
      range.current = undefined;
      carry(undefined);
    },
    onClick: (target, x, y) => {
      if (target.closest("[role=rowheader], [role=columnheader]") !== null) return;
      const cell = cellAt(x, y);
      const moved = carried.current;
      if (moved !== undefined) {
        if (rows[cell.row]?.room !== undefined) planner.drop({ ...moved, row: cell.row });
        return;
      }
      const found = pressed(target, cell);
      state.activate(cell);
      if (found?.is === "stay" && isSelected(found)) planner.open(found);
      else planner.select(found);
    },
  });
}
