/** The frame of all pages: the navigation at the side, the bar at the top, and the drawers over the page. */
import type { JSX } from "preact";
import { Route, Router } from "preact-iso";
import { useEffect, useState } from "preact/hooks";

import { followChanges } from "../api/live.ts";
import { lockSession, logOut, type Me } from "../api/session.ts";
import { day, dayNow } from "../i18n/format.ts";
import { textOf } from "../i18n/messages.ts";
import type en from "../i18n/locales/en.json";
import { Button } from "../kit/button.tsx";
import { Icon } from "../kit/icons.tsx";
import { More } from "../kit/more.tsx";
import { Empty, Notice } from "../kit/notice.tsx";
import { useAddress } from "./address.ts";
import css from "./frame.module.css";
import { useIdleLock } from "./idle_lock.ts";
import { KeyList } from "./key_list.tsx";
import { useKeys } from "./keys.ts";
import { Loaded, Slot } from "./loaded.tsx";
import { commandsOf, navOf } from "./nav.ts";
import { Palette } from "./palette.tsx";
import { allOf, failedPlugins } from "./plugins.ts";

const t = textOf<typeof en>("shell");

export function Frame({ me }: { readonly me: Me }): JSX.Element {
  const { path, go } = useAddress();
  const [open, setOpen] = useState<"palette" | "keys">();
  const nav = navOf(me.role);
  const home = nav[0]?.path ?? "/";
  useEffect(() => {
    if (path === "/") go(home);
  }, [path, home]);
  const commands = commandsOf(me.role);
  useEffect(followChanges, []);
  useIdleLock(me.hotel.desk_locks_after_minutes);
  useKeys([
    { key: "$mod+k", label: t("palette"), run: () => setOpen("palette"), isEverywhere: true },
    { key: "/", label: t("search"), run: () => setOpen("palette") },
    { key: "Shift+?", label: t("keys"), run: () => setOpen("keys") },
    { key: "Shift+L", label: t("lock"), run: lockSession },
    ...nav.flatMap(({ key, text, path: to }) =>
      key === undefined ? [] : [{ key: `g ${key}`, label: text, run: () => go(to) }],
    ),
    ...commands.flatMap(({ key, text, run }) => (key === undefined ? [] : [{ key, label: text, run }])),
  ]);
  return (
    <div class={css["frame"]}>
      <a class={css["skip"]} href="#page">
        {t("skip")}
      </a>
      <nav class={css["rail"]} aria-label={t("navigation")}>
        {nav.map((item) => (
          <a
            key={item.path}
            class={css["navItem"]}
            href={`/app${item.path}`}
            aria-current={path === item.path || path.startsWith(`${item.path}/`) ? "page" : undefined}
            title={item.key === undefined ? item.text : `${item.text} (g ${item.key})`}
          >
            <Icon name={item.icon} size={20} />
            <span>{item.text}</span>
          </a>
        ))}
      </nav>
      <header class={css["bar"]}>
        <div class={css["hotel"]}>
          <span class={css["hotelName"]}>{me.hotel.name}</span>
          <BusinessDate hotel={me.hotel} command={commands.find(({ isOnDate }) => isOnDate)} />
        </div>
        <div class={css["search"]}>
          <Button icon="search" shortcut="/" onPress={() => setOpen("palette")} class={css["searchButton"]}>
            <span>{t("search")}</span> <kbd>/</kbd>
          </Button>
        </div>
        {commands
          .filter(({ isInBar }) => isInBar)
          .map(({ id, text, icon, key, run }, at) => (
            <Button key={id} kind={at === 0 ? "primary" : "plain"} icon={icon ?? "plus"} shortcut={key} onPress={run}>
              <span class={css["wide"]}>{text}</span>
            </Button>
          ))}
        <More label={t("account", { name: me.username })}>
          <Button icon="lock" onPress={lockSession}>
            {t("lock")} <kbd>Shift L</kbd>
          </Button>
          <Button icon="keyboard" onPress={() => setOpen("keys")}>
            {t("keys")} <kbd>?</kbd>
          </Button>
          <Button icon="log_out" onPress={logOut}>
            {t("log_out")}
          </Button>
        </More>
      </header>
      <main id="page" class={css["main"]} tabIndex={-1}>
        {failedPlugins.value.map((id) => (
          <Notice key={id} tone="bad">
            {t("plugin_failed", { plugin: id })}
          </Notice>
        ))}
        <Slot name="shell.banner" props={{}} />
        <Router>
          {allOf("pages").map(({ pluginId, item }) => (
            <Route key={item.path} path={`/app${item.path}`} component={pageOf(pluginId, item.load)} />
          ))}
          <Route default component={path === "/" ? Nothing : NoPage} />
        </Router>
      </main>
      <Drawers />
      {open === "palette" ? <Palette role={me.role} onClose={() => setOpen(undefined)} /> : null}
      {open === "keys" ? <KeyList onClose={() => setOpen(undefined)} /> : null}
    </div>
  );
}

/** The hotel's own day, and a warning if the calendar at the hotel is ahead of it. */
function BusinessDate(props: {
  readonly hotel: Me["hotel"];
  readonly command: ReturnType<typeof commandsOf>[number] | undefined;
}): JSX.Element {
  const { hotel, command } = props;
  const calendar = dayNow(hotel.time_zone);
  const isBehind = calendar > hotel.business_date;
  const text = day(hotel.business_date, "weekday");
  return (
    <span class={css["dateLine"]}>
      {command === undefined ? (
        <span class={css["date"]}>{text}</span>
      ) : (
        <button type="button" class={css["date"]} title={command.text} onClick={() => command.run()}>
          {text}
          <span class="visually-hidden">: {command.text}</span>
        </button>
      )}
      {isBehind ? <span class={css["behind"]}>{t("calendar_ahead", { day: day(calendar) })}</span> : null}
    </span>
  );
}

const Nothing = (): null => null;

const NoPage = (): JSX.Element => (
  <Empty>
    <h1>{t("no_page")}</h1>
    <p>{t("no_page_why")}</p>
  </Empty>
);

type PageLoad = ReturnType<typeof allOf<"pages">>[number]["item"]["load"];
type RouteProps = { readonly path?: string; readonly params?: Readonly<Record<string, string>> };

const pages = new Map<PageLoad, (props: RouteProps) => JSX.Element>();

/** One component for each page, so that the router keeps a page while its address changes. */
function pageOf(pluginId: string, load: PageLoad): (props: RouteProps) => JSX.Element {
  const known = pages.get(load);
  if (known !== undefined) return known;
  const made = ({ params = {} }: RouteProps): JSX.Element => <Loaded pluginId={pluginId} load={load} props={params} />;
  pages.set(load, made);
  return made;
}

function Drawers(): JSX.Element {
  const { parameters, set } = useAddress();
  return (
    <>
      {allOf("drawers").map(({ pluginId, item }) => {
        const id = parameters[item.parameter];
        if (id === undefined) return null;
        const props = { id, onClose: () => set(item.parameter, undefined) };
        return <Loaded key={item.parameter} pluginId={pluginId} load={item.load} props={props} />;
      })}
    </>
  );
}
