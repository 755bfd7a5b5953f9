import { useEffect, useRef } from "preact/hooks";

/** A press that has not ended. */
interface Press {
  readonly x: number;
  readonly y: number;
  readonly target: Element;
  isDrag: boolean;
}

export interface PointerHandlers {
  /** A press moved by more than the threshold. The point is of its start. */
  readonly onDragStart: (target: Element, x: number, y: number) => void;
  readonly onDrag: (x: number, y: number) => void;
  readonly onDrop: () => void;
  readonly onCancel: () => void;
  readonly onClick: (target: Element, x: number, y: number) => void;
}

/** A shorter movement is a click (px). */
const thresholdPx = 4;
/** Within this distance of an edge a drag scrolls (px). */
const scrollZonePx = 28;
const scrollPx = 12;

/** Follows a mouse or pen: clicks and drags. A finger scrolls, and its tap is a click. */
export function usePointer(handlers: PointerHandlers): (event: PointerEvent) => void {
  const current = useRef(handlers);
  current.current = handlers;
  const stop = useRef<() => void>(() => undefined);
  useEffect(() => () => stop.current(), []);
  return (down) => {
    const scroller = down.currentTarget;
    if (down.button !== 0 || !(down.target instanceof Element) || !(scroller instanceof HTMLElement)) return;
    if (down.target.closest("button") !== null) return;
    const press: Press = { x: down.clientX, y: down.clientY, target: down.target, isDrag: false };
    const move = (event: PointerEvent): void => {
      const isFar = Math.hypot(event.clientX - press.x, event.clientY - press.y) > thresholdPx;
      if (!press.isDrag && (!isFar || event.pointerType === "touch")) return;
      if (!press.isDrag) current.current.onDragStart(press.target, press.x, press.y);
      press.isDrag = true;
      const box = scroller.getBoundingClientRect();
      if (event.clientY > box.bottom - scrollZonePx) scroller.scrollTop += scrollPx;
      if (event.clientY < box.top + scrollZonePx) scroller.scrollTop -= scrollPx;
      if (event.clientX > box.right - scrollZonePx) scroller.scrollLeft += scrollPx;
      if (event.clientX < box.left + scrollZonePx) scroller.scrollLeft -= scrollPx;
      current.current.onDrag(event.clientX, event.clientY);
    };
    const up = (): void => {
      stop.current();
      if (press.isDrag) current.current.onDrop();
      else current.current.onClick(press.target, press.x, press.y);
    };
    const cancel = (): void => {
      stop.current();
      current.current.onCancel();
    };
    stop.current();
    stop.current = () => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", up);
      removeEventListener("pointercancel", cancel);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", up);
    addEventListener("pointercancel", cancel);
  };
}
