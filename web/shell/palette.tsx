/** The palette: one field that finds pages, commands, and what the plugins know. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { textOf } from "../i18n/messages.ts";
import type en from "../i18n/locales/en.json";
import { Icon, type IconName } from "../kit/icons.tsx";
import { Dialog } from "../kit/overlay.tsx";
import { useAddress } from "./address.ts";
import css from "./frame.module.css";
import { commandsOf, navOf } from "./nav.ts";
import { allOf, canCall } from "./plugins.ts";
import type { Finding } from "./screens.ts";

const t = textOf<typeof en>("shell");

interface Entry {
  readonly key: string;
  readonly label: string;
  readonly note?: string | undefined;
  readonly icon: IconName;
  readonly open: () => unknown;
}

export function Palette({ role, onClose }: { readonly role: string; readonly onClose: () => void }): JSX.Element {
  const { go } = useAddress();
  const [text, setText] = useState("");
  const [found, setFound] = useState<{ readonly text: string; readonly items: readonly Finding[] }>({
    text: "",
    items: [],
  });
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const wanted = text.trim().toLocaleLowerCase();
  useEffect(() => input.current?.focus(), []);
  useEffect(() => {
    if (wanted.length < 2) return undefined;
    const gone = new AbortController();
    const timer = setTimeout(() => {
      const finders = allOf("finders").filter(({ pluginId, item }) => canCall(pluginId, item.needs, role));
      void Promise.allSettled(finders.map(({ item }) => item.find(wanted, gone.signal))).then((results) => {
        if (gone.signal.aborted) return;
        const items = results.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
        setFound({ text: wanted, items });
        setAt(0);
      });
    }, 120);
    return () => {
      clearTimeout(timer);
      gone.abort();
    };
  }, [wanted]);
  const own: readonly Entry[] = [
    ...commandsOf(role).map(({ id, text: label, icon, run, key }) => ({
      key: id,
      label,
      icon: icon ?? ("command" as const),
      note: key,
      open: run,
    })),
    ...navOf(role).map(({ path, text: label, icon }) => ({ key: path, label, icon, open: () => go(path) })),
  ].filter(({ label }) => label.toLocaleLowerCase().includes(wanted));
  // A label that begins with the text stays above the results of the search. So Enter is safe before they come.
  const isFirst = ({ label }: Entry): boolean => wanted !== "" && label.toLocaleLowerCase().startsWith(wanted);
  const first = own.filter(isFirst);
  const entries: readonly Entry[] = [
    ...first,
    ...(found.text === wanted ? found.items : []),
    ...own.filter((entry) => !isFirst(entry)),
  ];
  const open = (entry: Entry | undefined): void => {
    // While the search of this text is under way, Enter would open something that the person has not seen.
    if (entry === undefined) return;
    onClose();
    entry.open();
  };
  const isSearching = wanted.length >= 2 && found.text !== wanted;
  const mustWait = isSearching && at >= first.length;
  return (
    <Dialog title={t("palette")} onClose={onClose} onSubmit={() => (mustWait ? undefined : open(entries[at]))}>
      <input
        ref={input}
        class={css["paletteInput"]}
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={entries.length > 0 ? `palette-${at}` : undefined}
        aria-label={t("palette_hint")}
        placeholder={t("palette_hint")}
        autoComplete="off"
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
          event.preventDefault();
          const step = event.key === "ArrowDown" ? 1 : -1;
          setAt((now) => (entries.length === 0 ? 0 : (now + step + entries.length) % entries.length));
        }}
      />
      <ul id="palette-list" role="listbox" aria-label={t("palette")} class={css["paletteList"]}>
        {entries.slice(0, 12).map((entry, index) => (
          <li
            key={entry.key}
            id={`palette-${index}`}
            role="option"
            aria-selected={index === at}
            class={css["paletteEntry"]}
            onClick={() => open(entry)}
          >
            <Icon name={entry.icon} />
            <span>{entry.label}</span>
            {entry.note === undefined ? null : <span class={css["note"]}>{entry.note}</span>}
          </li>
        ))}
      </ul>
      {entries.length === 0 && !isSearching ? <p class={css["note"]}>{t("nothing_found")}</p> : null}
    </Dialog>
  );
}
