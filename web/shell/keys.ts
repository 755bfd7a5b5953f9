/** Keys of the whole app. A screen registers its keys while it is shown; the newest registration of a key wins. */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { tinykeys } from "tinykeys";

export interface KeyBinding {
  /** As tinykeys writes it: `i`, `g t`, `Shift+L`, `$mod+K`. */
  readonly key: string;
  /** The effect of the key, for the list of keys. */
  readonly label: string;
  readonly run: (event: KeyboardEvent) => unknown;
  /** Works in a field too, such as Ctrl+K. */
  readonly isEverywhere?: boolean;
}

/** All bindings that work now. */
export const activeKeys = signal<readonly KeyBinding[]>([]);

/** Whether keys without Ctrl work (WCAG 2.1.4). */
export const areLetterKeysOn = signal(localStorage.getItem("keyrack.keys") !== "off");

/** Turns the letter keys on or off, for this browser. */
export function setLetterKeys(isOn: boolean): void {
  localStorage.setItem("keyrack.keys", isOn ? "on" : "off");
  areLetterKeysOn.value = isOn;
}

/** Registers keys while the component is shown. */
export function useKeys(bindings: readonly KeyBinding[], isOn = true): void {
  const current = useRef(bindings);
  current.current = bindings;
  const names = bindings.map(({ key }) => key).join(",");
  useEffect(() => {
    if (!isOn) return undefined;
    const registered = current.current.map((binding, at) => ({
      ...binding,
      run: (event: KeyboardEvent) => current.current[at]?.run(event),
    }));
    activeKeys.value = [...activeKeys.value, ...registered];
    return () => {
      activeKeys.value = activeKeys.value.filter((binding) => !registered.includes(binding));
    };
  }, [names, isOn]);
}

const isEditable = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(target.type)));

/** An open dialog with fields takes the letters. One without leaves them to the screens in it. */
const hasOpenForm = (): boolean => document.querySelector("dialog[open] form") !== null;

/** Listens for all keys. @returns a function that stops */
export function listenForKeys(): () => void {
  let stop = (): void => undefined;
  const unsubscribe = activeKeys.subscribe((bindings) => {
    stop();
    const map: Record<string, (event: KeyboardEvent) => void> = {};
    for (const { key, run, isEverywhere } of bindings) {
      map[key] = (event) => {
        if (event.defaultPrevented) return;
        if (isEverywhere !== true && (!areLetterKeysOn.value || isEditable(event.target) || hasOpenForm())) return;
        event.preventDefault();
        run(event);
      };
    }
    stop = tinykeys(window, map);
  });
  return () => {
    unsubscribe();
    stop();
  };
}
