import type { JSX } from "preact";

import { textOf } from "../i18n/messages.ts";
import type en from "../i18n/locales/en.json";
import { Dialog } from "../kit/overlay.tsx";
import css from "./frame.module.css";
import { activeKeys } from "./keys.ts";

const t = textOf<typeof en>("shell");

/** The keys that work now. */
export function KeyList({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const shown = new Map(activeKeys.value.map(({ key, label }) => [key, label]));
  return (
    <Dialog title={t("keys")} onClose={onClose}>
      <dl class={css["keyList"]}>
        {[...shown].map(([key, label]) => (
          <div key={key}>
            <dt>
              <kbd>{key.replace("$mod", "Ctrl").replace("Shift+?", "?").replaceAll("+", " ")}</kbd>
            </dt>
            <dd>{label}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
