import type { JSX } from "preact";
import { useState } from "preact/hooks";

import {
  Button,
  Empty,
  More,
  Page,
  ProblemNotice,
  Skeleton,
  useAction,
  useAddress,
  useApi,
  useKeys,
  useRead,
  useText,
} from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import type kit from "../kit/locales/en.json";
import css from "./housekeeping.module.css";
import type en from "./locales/en.json";
import { RoomCard } from "./room_card.tsx";
import { type CleanedRoom, groupByFloor, isLeft, splitByArrival, states } from "./rooms.ts";
import { useHousekeeping } from "./use_housekeeping.ts";

/** The rooms with their states, for a phone in one hand: a tap sets the next state. */
export default function HousekeepingPage(): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const list = useRead(api.readHousekeeping, {});
  const { parameters, set } = useAddress();
  const isByArrival = parameters["order"] === "arrivals";
  const isShort = parameters["show"] === "dirty";
  const rooms = list.body?.rooms ?? [];
  return (
    <Page
      title={t("clean.title")}
      actions={
        <div class={css["tools"]}>
          <Button isPressed={isByArrival} onPress={() => set("order", isByArrival ? undefined : "arrivals")}>
            {t("clean.arrivals_first")}
          </Button>
          <Button isPressed={isShort} onPress={() => set("show", isShort ? undefined : "dirty")}>
            {t("clean.only_dirty")}
          </Button>
          <ManyRooms rooms={rooms} />
        </div>
      }
    >
      {list.problem === undefined ? null : <ProblemNotice problem={list.problem} onRetry={list.refresh} />}
      {list.isLoading ? <Skeleton rows={8} height={56} /> : null}
      {list.body === undefined ? null : <Rooms rooms={rooms} isByArrival={isByArrival} isShort={isShort} />}
    </Page>
  );
}

function Rooms(props: {
  readonly rooms: readonly CleanedRoom[];
  readonly isByArrival: boolean;
  readonly isShort: boolean;
}): JSX.Element {
  const t = useText<typeof en & typeof kit>();
  const { rooms, isByArrival, isShort } = props;
  const left = rooms.filter(isLeft);
  const urgent = left.filter(({ next_arrival_at: arrival }) => arrival !== null).length;
  const groups = groupsOf(isShort ? left : rooms, isByArrival, t);
  const shown = groups.flatMap((group) => group.rooms);
  const [chosenId, setChosenId] = useState<string>();
  const chosen = shown.find(({ room_id: id }) => id === chosenId) ?? shown.find(isLeft) ?? shown[0];
  const set = useAction(useHousekeeping());
  const step = (by: number) => () => {
    const at = chosen === undefined ? 0 : shown.indexOf(chosen) + by;
    setChosenId(shown[Math.min(Math.max(at, 0), shown.length - 1)]?.room_id);
  };
  useKeys([
    { key: "ArrowDown", label: t("clean.next"), run: step(1) },
    { key: "ArrowUp", label: t("clean.previous"), run: step(-1) },
    ...states.map((state) => ({
      key: state[0] ?? "",
      label: t(`housekeeping.${state}`),
      run: () => (chosen === undefined || chosen.housekeeping === state ? undefined : set.run([chosen], state)),
    })),
  ]);
  if (rooms.length === 0) return <Empty>{t("clean.empty")}</Empty>;
  return (
    <>
      <p class={css["left"]}>
        <strong>{t("clean.left", { rooms: left.length })}</strong>
        {urgent === 0 ? "" : ` · ${t("clean.before_arrival", { rooms: urgent })}`}
      </p>
      {set.problem === undefined ? null : <ProblemNotice problem={set.problem} onRetry={set.clear} />}
      {shown.length === 0 ? <Empty>{t("clean.nothing_left")}</Empty> : null}
      {groups.map(({ key, title, rooms: of }) => (
        <section key={key} class={css["group"]} aria-label={title}>
          {title === undefined ? null : (
            <h2 class={css["floor"]}>
              {title} <span>{of.length}</span>
            </h2>
          )}
          <ul class={css["cards"]}>
            {of.map((room) => (
              <RoomCard
                key={room.room_id}
                room={room}
                isChosen={room.room_id === chosen?.room_id}
                onChoose={() => setChosenId(room.room_id)}
              />
            ))}
          </ul>
        </section>
      ))}
    </>
  );
}

interface ShownGroup {
  readonly key: string;
  readonly title: string | undefined;
  readonly rooms: readonly CleanedRoom[];
}

function groupsOf(
  rooms: readonly CleanedRoom[],
  isByArrival: boolean,
  t: ReturnType<typeof useText<typeof en>>,
): ShownGroup[] {
  if (isByArrival) {
    const [urgent, others] = splitByArrival(rooms);
    return [
      { key: "arrivals", title: t("clean.before_arrivals"), rooms: urgent },
      { key: "others", title: t("clean.others"), rooms: others },
    ].filter((group) => group.rooms.length > 0);
  }
  const groups = groupByFloor(rooms);
  const hasFloors = groups.some(({ floor }) => floor !== null);
  return groups.map(({ key, floor, rooms: of }) => {
    const title = floor === null ? t("clean.no_floor") : t("clean.floor", { floor });
    return { key, title: hasFloors ? title : undefined, rooms: of };
  });
}

/** Changes of many rooms at once: the start of a morning, and an inspection of the house. */
function ManyRooms({ rooms }: { readonly rooms: readonly CleanedRoom[] }): JSX.Element | null {
  const t = useText<typeof en>();
  const set = useAction(useHousekeeping());
  const occupied = rooms.filter(({ is_occupied: is, housekeeping }) => is && housekeeping !== "dirty");
  const clean = rooms.filter(({ housekeeping }) => housekeeping === "clean");
  if (rooms.length === 0) return null;
  return (
    <>
      <More label={t("clean.more")}>
        <Button onPress={() => (occupied.length === 0 ? undefined : set.run(occupied.slice(0, mostRooms), "dirty"))}>
          {t("clean.occupied_dirty")}
        </Button>
        <Button onPress={() => (clean.length === 0 ? undefined : set.run(clean.slice(0, mostRooms), "inspected"))}>
          {t("clean.clean_inspected")}
        </Button>
      </More>
      {set.problem === undefined ? null : <ProblemNotice problem={set.problem} onRetry={set.clear} />}
    </>
  );
}

/** The most rooms of one request. A larger hotel presses again for the others. */
const mostRooms = 500;
