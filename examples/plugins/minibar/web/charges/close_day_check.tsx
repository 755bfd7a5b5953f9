import type { JSX } from "preact";

import { type Slots, useText } from "#web/mod.ts";
import type en from "../locales/en.json";
import { Refill } from "./refill.tsx";

/** Lists the items to refill before the day closes, because the list of the next day begins empty. */
export default function CloseDayCheck({ businessDate }: Slots["pms.close_day.check"]): JSX.Element {
  const t = useText<typeof en>();
  return <Refill title={t("minibar.check")} businessDate={businessDate} />;
}
