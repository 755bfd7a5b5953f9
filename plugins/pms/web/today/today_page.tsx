import type { JSX } from "preact";

import {
  announce,
  Button,
  Empty,
  Page,
  Panel,
  ProblemNotice,
  Skeleton,
  useAction,
  useApi,
  useRead,
  useText,
} from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import { RoomChip, StayChip } from "../kit/chips.tsx";
import { stayState } from "../kit/stay_state.ts";
import type en from "./locales/en.json";

type Entry = PmsApi["readBoard"]["result"]["arrivals"][number];

/** The start of a shift: who comes, who goes, who is late, which rooms must be cleaned. */
export default function TodayPage(): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const board = useRead(api.readBoard, {});
  return (
    <Page title={t("today.title")}>
      {board.problem === undefined ? null : <ProblemNotice problem={board.problem} onRetry={board.refresh} />}
      <Panel label={t("today.arrivals")}>
        {board.isLoading ? <Skeleton /> : null}
        {board.body?.arrivals.length === 0 ? <Empty>{t("today.no_arrivals")}</Empty> : null}
        {board.body?.arrivals.map((entry) => (
          <Arrival key={entry.booking_id} entry={entry} today={board.body?.business_date ?? ""} />
        ))}
      </Panel>
    </Page>
  );
}

function Arrival({ entry, today }: { readonly entry: Entry; readonly today: string }): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const params = { booking_id: entry.booking_id };
  const checkIn = useAction(async () => {
    await api.checkIn({ params, body: {} });
    announce(t("today.checked_in", { guest: entry.guest_name, room: entry.room_number }), () =>
      api.undoCheckIn({ params, body: {} }),
    );
  });
  return (
    <div>
      <RoomChip number={entry.room_number} housekeeping={entry.housekeeping} status={entry.room_status} />
      {entry.guest_name}
      <StayChip state={stayState(entry, today)} />
      <Button isSmall isBusy={checkIn.isRunning} onPress={checkIn.run}>
        {t("today.check_in")}
      </Button>
      {checkIn.problem === undefined ? null : <ProblemNotice problem={checkIn.problem} />}
    </div>
  );
}
