import { announce, useApi, useText } from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import type en from "./locales/en.json";
import type { Housekeeping } from "./rooms.ts";

/** Sets the state of rooms, says what was done, and offers the way back. */
export function useHousekeeping(): (
  rooms: readonly { readonly room_id: string }[],
  housekeeping: Housekeeping,
) => Promise<void> {
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  return async (rooms, housekeeping) => {
    const ids = rooms.map(({ room_id: id }) => id);
    const { body } = await api.setHousekeepingOfRooms({ body: { room_ids: ids, housekeeping } });
    const [only] = body.rooms;
    const text =
      body.rooms.length === 1 && only !== undefined
        ? t(`clean.done_${housekeeping}`, { room: only.room_number })
        : t(`clean.many_${housekeeping}`, { rooms: body.rooms.length });
    announce(text, body.undo);
  };
}
