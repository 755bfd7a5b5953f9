import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { Button, Page, ProblemNotice, Skeleton, useAddress, useApi, useKeys, useRead, useText } from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import { DirtyRooms } from "./dirty_rooms.tsx";
import type en from "./locales/en.json";
import { StayList } from "./stay_list.tsx";
import css from "./today.module.css";

type Board = PmsApi["readBoard"]["result"];

/** The start of a shift: guests who are late, come, go or stay, and rooms to clean. */
export default function TodayPage(): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const { go } = useAddress();
  const board = useRead(api.readBoard, {});
  return (
    <Page
      title={t("today.title")}
      actions={
        <Button icon="close_day" onPress={() => go("/close-day")}>
          {t("today.close_day")}
        </Button>
      }
    >
      {board.problem === undefined ? null : <ProblemNotice problem={board.problem} onRetry={board.refresh} />}
      {board.isLoading ? <Skeleton rows={10} /> : null}
      {board.body === undefined ? null : <BoardView board={board.body} />}
    </Page>
  );
}

function BoardView({ board }: { readonly board: Board }): JSX.Element {
  const t = useText<typeof en>();
  const [text, setText] = useState("");
  const today = board.business_date;
  const wanted = text.trim().toLocaleLowerCase();
  const late = new Set(board.overdue.map(({ booking_id: id }) => id));
  // A stay is on one list alone, so that its button is in one place.
  const staying = board.in_house.filter(({ departure, booking_id: id }) => departure > today && !late.has(id));
  const inHouse = staying.filter(
    ({ guest_name: name, room_number: room }) => name.toLocaleLowerCase().includes(wanted) || room.startsWith(wanted),
  );
  const lists = [board.overdue, board.arrivals, board.departures, inHouse];
  const ids = [...new Set(lists.flat().map(({ booking_id: id }) => id))];
  const [chosen, setChosen] = useState<string>();
  const at = Math.max(ids.indexOf(chosen ?? ""), 0);
  const step = (by: number) => () => setChosen(ids[Math.min(Math.max(at + by, 0), ids.length - 1)]);
  useKeys([
    { key: "ArrowDown", label: t("today.down"), run: step(chosen === undefined ? 0 : 1) },
    { key: "ArrowUp", label: t("today.up"), run: step(-1) },
  ]);
  const shared = { today, chosen: ids[at], onChoose: setChosen };
  return (
    <div class={css["board"]}>
      <div class={css["column"]}>
        {board.overdue.length === 0 ? null : <StayList title={t("today.late")} entries={board.overdue} {...shared} />}
        <StayList
          title={t("today.arrivals")}
          count={t("today.done", {
            done: board.arrived.length,
            all: board.arrived.length + board.arrivals.length,
          })}
          entries={board.arrivals}
          empty={t("today.no_arrivals")}
          {...shared}
        />
        <StayList
          title={t("today.departures")}
          count={t("today.done", { done: board.left.length, all: board.left.length + board.departures.length })}
          entries={board.departures}
          empty={t("today.no_departures")}
          {...shared}
        />
      </div>
      <div class={css["column"]}>
        <StayList
          title={t("today.in_house")}
          count={String(staying.length)}
          entries={inHouse}
          empty={t("today.no_guests")}
          tools={
            <input
              class={css["find"]}
              type="search"
              aria-label={t("today.find")}
              placeholder={t("today.find")}
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          }
          {...shared}
        />
        <DirtyRooms rooms={board.dirty_rooms} />
      </div>
    </div>
  );
}
