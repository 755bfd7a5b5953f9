import type { JSX } from "preact";

import {
  areLetterKeysOn,
  changeLanguage,
  CheckField,
  language,
  languages,
  me,
  Page,
  Panel,
  SelectField,
  setLetterKeys,
  setTheme,
  Slot,
  type Theme,
  theme,
  useApi,
  useText,
} from "#web/mod.ts";
import type { IdentityApi } from "../../api.ts";
import { AccountSettings } from "./account_settings.tsx";
import { HotelSettings } from "./hotel_settings.tsx";
import type en from "./locales/en.json";
import css from "./settings.module.css";

/** The settings of this browser, of the user, and of the hotel. */
export default function SettingsPage(): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<IdentityApi>();
  const role = me.value?.role ?? "";
  return (
    <Page title={t("settings.title")}>
      <div class={css["sections"]}>
        <BrowserSettings />
        <AccountSettings />
        {api.changeHotel.isFor(role) ? <HotelSettings /> : null}
        <Slot name="shell.settings" props={{}} />
      </div>
    </Page>
  );
}

function BrowserSettings(): JSX.Element {
  const t = useText<typeof en>();
  const names = languages.map((value) => ({
    value,
    label: new Intl.DisplayNames([value], { type: "language" }).of(value) ?? value,
  }));
  const themes: readonly { readonly value: Theme; readonly label: string }[] = [
    { value: "system", label: t("settings.theme_system") },
    { value: "light", label: t("settings.theme_light") },
    { value: "dark", label: t("settings.theme_dark") },
  ];
  return (
    <Panel label={t("settings.browser")}>
      <div class={css["section"]}>
        <h2>{t("settings.browser")}</h2>
        <SelectField
          label={t("settings.language")}
          value={language.value}
          options={names}
          onChange={(next) => void changeLanguage(next)}
        />
        <SelectField label={t("settings.theme")} value={theme.value} options={themes} onChange={setTheme} />
        <CheckField label={t("settings.keys")} isOn={areLetterKeysOn.value} onChange={setLetterKeys} />
      </div>
    </Panel>
  );
}
