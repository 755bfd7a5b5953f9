/** Messages about what was done, each with its way back. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { Problem } from "../api/problem.ts";
import { refreshReads } from "../api/query_client.ts";
import { request } from "../api/request.ts";
import { textOf } from "../i18n/messages.ts";
import type en from "../i18n/locales/en.json";
import { Button } from "../kit/button.tsx";
import css from "../kit/kit.module.css";
import { problemText } from "../kit/problem_text.ts";
import { useKeys } from "./keys.ts";

const t = textOf<typeof en>("shell");

/** The way back that the answer of a change names (`undo`), or why there is none. */
export type WayBack =
  | { readonly none: string }
  | { readonly method: string; readonly path: string; readonly body?: unknown };

type TakeBack = () => Promise<unknown>;

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly undo: TakeBack | undefined;
}

/** How long a message stays (ms). It stays longer while the pointer or the focus is on it. */
const shownMs = 10_000;

const toasts = signal<readonly Toast[]>([]);
let count = 0;
/** Ways back of this tab, the newest last. `z` goes back one by one. */
const waysBack = signal<readonly Toast[]>([]);

/**
 * Says what was done. With `undo`, the message and the key `z` take it back.
 * @param undo the ways back of the changes, in the order in which they are taken back, or a function that goes back
 */
export function announce(text: string, undo?: WayBack | readonly WayBack[] | TakeBack): void {
  count += 1;
  const toast = { id: count, text, undo: typeof undo === "function" ? undo : takeBackBy([undo ?? []].flat()) };
  toasts.value = [...toasts.value.slice(-2), toast];
  if (toast.undo !== undefined) waysBack.value = [...waysBack.value.slice(-49), toast];
}

/** Makes the function that sends the requests. Undefined if one of the changes has no way back. */
function takeBackBy(ways: readonly WayBack[]): TakeBack | undefined {
  const requests = ways.flatMap((way) => ("none" in way ? [] : [way]));
  if (requests.length === 0 || requests.length < ways.length) return undefined;
  return async () => {
    for (const { method, path, body } of requests) await request(method, path, { body });
    await refreshReads();
  };
}

function dismiss(toast: Toast): void {
  toasts.value = toasts.value.filter(({ id }) => id !== toast.id);
}

/** Takes an announced change back, and says so, or why it is not possible. */
async function takeBack(toast: Toast): Promise<void> {
  if (toast.undo === undefined || !waysBack.value.includes(toast)) return;
  waysBack.value = waysBack.value.filter(({ id }) => id !== toast.id);
  dismiss(toast);
  try {
    await toast.undo();
    announce(t("undone", { text: toast.text }));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    announce(t("not_undone", { text: toast.text, why: problemText(error) }));
  }
}

/** Forgets all ways back, such as at a close of the day. */
export function forgetWaysBack(): void {
  waysBack.value = [];
}

export function Toasts(): JSX.Element {
  useKeys([
    {
      key: "z",
      label: t("undo"),
      run: () => {
        const last = waysBack.value.at(-1);
        if (last !== undefined) void takeBack(last);
      },
    },
  ]);
  const layer = useRef<HTMLDivElement>(null);
  return (
    <div ref={layer} class={css["toasts"]} role="status" aria-live="polite">
      {toasts.value.map((toast) => (
        <ToastView key={toast.id} toast={toast} />
      ))}
    </div>
  );
}

function ToastView({ toast }: { readonly toast: Toast }): JSX.Element {
  const isHeld = useRef(false);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!isHeld.current) dismiss(toast);
    }, shownMs);
    return () => clearInterval(timer);
  }, [toast]);
  const hold = (value: boolean) => () => {
    isHeld.current = value;
  };
  return (
    <div
      class={css["toast"]}
      onMouseEnter={hold(true)}
      onMouseLeave={hold(false)}
      onFocusIn={hold(true)}
      onFocusOut={hold(false)}
    >
      <span>{toast.text}</span>
      {toast.undo === undefined || !waysBack.value.includes(toast) ? null : (
        <Button isSmall icon="undo" shortcut="z" onPress={() => takeBack(toast)}>
          {t("undo")} <kbd>z</kbd>
        </Button>
      )}
    </div>
  );
}
