import { useEffect, useRef, useState } from "preact/hooks";

import { type Action, useAction, useApi, useRead } from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";

export type Preview = PmsApi["previewClose"]["result"];

/**
 * Previews the close of the day. A preview makes the desk wait, as a close does. So it runs when the page opens, and
 * again when a guest has arrived or left. It does not run at every change.
 */
export function usePreview(isOn: boolean): { readonly preview: Preview | undefined; readonly check: Action<[]> } {
  const api = useApi<PmsApi>();
  const [preview, setPreview] = useState<Preview>();
  const check = useAction(async () => setPreview((await api.previewClose({})).body));
  const board = useRead(api.readBoard, {}, { isOn });
  const open =
    board.body === undefined
      ? undefined
      : [board.body.overdue, board.body.arrivals, board.body.departures]
          .flat()
          .map(({ booking_id: id, status, departure }) => `${id} ${status} ${departure}`)
          .sort()
          .join();
  const state = open === undefined ? undefined : `${board.body?.business_date ?? ""} ${open}`;
  const checked = useRef<string | undefined>(undefined);
  useEffect(() => {
    // The effect runs again when a check ends, because the desk can change during it.
    if (!isOn || state === undefined || state === checked.current || check.isRunning) return;
    checked.current = state;
    void check.run();
  }, [isOn, state, check.isRunning]);
  return { preview, check };
}
