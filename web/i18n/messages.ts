/** Texts in the user's language. `web/build/entries.ts` has parsed them. */
import { computed, signal } from "@preact/signals";
import { IntlMessageFormat } from "intl-messageformat";
import { locales } from "screens:locales";

import { usePluginId } from "../api/scope.ts";

type Ast = ConstructorParameters<typeof IntlMessageFormat>[0];

/** The values of a message's arguments. */
export type MessageValues = Readonly<Record<string, string | number>>;

/** Writes a message of the plugin's `web/locales/en.json` in the user's language. */
export type Text<M> = (key: keyof M & string, values?: MessageValues) => string;

const chosenKey = "keyrack.language";

/** The languages of this build, as in `navigator.languages`. */
export const languages: readonly string[] = Object.keys(locales);

function chooseLanguage(): string {
  const wanted = [localStorage.getItem(chosenKey) ?? "", ...navigator.languages];
  for (const name of wanted) {
    const known = languages.find((language) => name === language || name.startsWith(`${language}-`));
    if (known !== undefined) return known;
  }
  return "en";
}

export const language = signal(chooseLanguage());
const messages = signal<Readonly<Record<string, Readonly<Record<string, Ast>>>>>({});

/** The locale of numbers and dates: the browser's one for this language, with its region. */
export const locale = computed(
  () => navigator.languages.find((name) => name.split("-")[0] === language.value) ?? language.value,
);

/** Loads the messages of the current language. */
export async function loadMessages(): Promise<void> {
  const load = locales[language.value] ?? locales["en"];
  if (load === undefined) return;
  messages.value = (await load()).messages;
  document.documentElement.lang = language.value;
  document.documentElement.dir = ["ar", "fa", "he"].includes(language.value.split("-")[0] ?? "") ? "rtl" : "ltr";
}

/** Changes the language of this browser. */
export async function changeLanguage(next: string): Promise<void> {
  localStorage.setItem(chosenKey, next);
  language.value = next;
  await loadMessages();
}

const formats = new Map<Ast, IntlMessageFormat>();

function write(pluginId: string, key: string, values: MessageValues = {}): string {
  const message = messages.value[pluginId]?.[key];
  if (message === undefined) return key;
  if (typeof message === "string") return message;
  let format = formats.get(message);
  if (format === undefined) {
    format = new IntlMessageFormat(message, locale.value);
    formats.set(message, format);
  }
  return String(format.format(values));
}

/** The texts of a plugin, where there is no component. */
export const textOf =
  <M>(pluginId: string): Text<M> =>
  (key, values) =>
    write(pluginId, key, values);

/** The texts of the plugin whose screen is being shown: `const t = useText<typeof en>()`. */
export function useText<M>(): Text<M> {
  return textOf<M>(usePluginId());
}
