import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

/** The part of the chart that is scrolled into sight (px). */
export interface View {
  readonly top: number;
  readonly height: number;
  /** The distance from the chart's start: its left, or its right in a language from right to left. */
  readonly start: number;
  readonly width: number;
}

/** The chart is drawn again only after this many pixels of scrolling. It draws more rows and columns than are seen. */
const stepPx = 60;
const toStep = (px: number): number => Math.floor(Math.abs(px) / stepPx) * stepPx;

/** Follows the size and the scrolling of an element. */
export function useView(element: RefObject<HTMLElement | null>): View {
  const [view, setView] = useState<View>({ top: 0, height: 600, start: 0, width: 1_000 });
  useLayoutEffect(() => {
    const scroller = element.current;
    if (scroller === null) return undefined;
    const measure = (): void => {
      const next = {
        top: toStep(scroller.scrollTop),
        height: scroller.clientHeight,
        start: toStep(scroller.scrollLeft),
        width: scroller.clientWidth,
      };
      setView((before) => (isSame(before, next) ? before : next));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(scroller);
    scroller.addEventListener("scroll", measure, { passive: true });
    return () => {
      observer.disconnect();
      scroller.removeEventListener("scroll", measure);
    };
  }, []);
  return view;
}

const isSame = (a: View, b: View): boolean =>
  a.top === b.top && a.height === b.height && a.start === b.start && a.width === b.width;
