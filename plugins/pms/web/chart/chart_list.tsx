import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { Button, dayRange, useText } from "#web/mod.ts";
import { RoomChip, StayChip } from "../kit/chips.tsx";
import { stayState } from "../kit/stay_state.ts";
import css from "./chart.module.css";
import type en from "./locales/en.json";
import type { Selection } from "./selection.ts";
import type { Chart, ChartRoom } from "./use_chart.ts";

/** The rooms that the list shows at first, and that one press adds. */
const pageOfRooms = 50;

/** The chart as a list by room, for phones and screen readers. */
export function ChartList(props: {
  readonly chart: Chart;
  readonly today: string;
  readonly onOpen: (selection: Selection) => void;
}): JSX.Element {
  const t = useText<typeof en>();
  const [most, setMost] = useState(pageOfRooms);
  const { chart } = props;
  const rooms = chart.rows.flatMap(({ room, type }) => (room === undefined ? [] : [{ room, type: type.name }]));
  return (
    <div class={css["list"]}>
      <ul>
        {rooms.slice(0, most).map(({ room, type }) => (
          <li key={room.room_id} class={css["listRoom"]}>
            <div class={css["listHead"]}>
              <RoomChip number={room.room_number} housekeeping={room.housekeeping} status={room.status} />
              <span class={css["hint"]}>{type}</span>
            </div>
            <ul>
              {room.stays.map((stay) => (
                <li key={`${stay.booking_id} ${stay.from}`}>
                  <button
                    type="button"
                    class={css["listStay"]}
                    onClick={() => props.onOpen({ is: "stay", room, stay })}
                  >
                    <b>{stay.guest_name}</b>
                    <StayChip
                      state={stayState({ status: stay.status, arrival: stay.from, departure: stay.to }, props.today)}
                    />
                    <span class={css["hint"]}>{dayRange(stay.from, stay.to)}</span>
                  </button>
                </li>
              ))}
              {room.closures.map((closure) => (
                <li key={closure.closure_id} class={css["listStay"]}>
                  <b>{t("chart.closed_for", { reason: closure.reason })}</b>
                  <span class={css["hint"]}>{dayRange(closure.from, closure.to)}</span>
                </li>
              ))}
              {isEmpty(room) ? <li class={css["listStay"]}>{t("chart.no_stays")}</li> : null}
            </ul>
          </li>
        ))}
      </ul>
      {rooms.length <= most && !chart.hasMore ? null : (
        <Button
          onPress={() => {
            setMost(most + pageOfRooms);
            if (rooms.length < most + 2 * pageOfRooms) chart.readMore();
          }}
        >
          {t("chart.more")}
        </Button>
      )}
    </div>
  );
}

const isEmpty = ({ stays, closures }: ChartRoom): boolean => stays.length + closures.length === 0;
