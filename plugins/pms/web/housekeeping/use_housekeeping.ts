import { announce, useApi, useText } from "#web/mod.ts";
import type { PmsApi } from "../../api.ts";
import type en from "./locales/en.json";
import { type Housekeeping, states } from "./rooms.ts";

/** Sets the state of rooms, says what was done, and offers the states before. */
export function useHousekeeping(): (
  rooms: readonly { readonly room_id: string }[],
  housekeeping: Housekeeping,
) => Promise<void> {
  const t = useText<typeof en>();
  const api = useApi<PmsApi>();
  const set = (roomIds: readonly string[], housekeeping: Housekeeping) =>
    api.setHousekeepingOfRooms({ body: { room_ids: [...roomIds], housekeeping } });
  return async (rooms, housekeeping) => {
    const { body } = await set(
      rooms.map(({ room_id: id }) => id),
      housekeeping,
    );
    const [only] = body.rooms;
    const text =
      body.rooms.length === 1 && only !== undefined
        ? t(`clean.done_${housekeeping}`, { room: only.room_number })
        : t(`clean.many_${housekeeping}`, { rooms: body.rooms.length });
    announce(text, async () => {
      for (const state of states) {
        const ids = body.rooms.filter(({ before }) => before === state).map(({ room_id: id }) => id);
        if (ids.length > 0) await set(ids, state);
      }
    });
  };
}
