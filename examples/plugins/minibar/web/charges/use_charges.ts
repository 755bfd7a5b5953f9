import { announce, useApi, useText } from "#web/mod.ts";
import type { MinibarApi } from "../../api.ts";
import type en from "../locales/en.json";

type NewCharge = MinibarApi["chargeMinibar"]["body"];

/** Charges items and takes charges back. The server names the way back of each. */
export function useCharges() {
  const t = useText<typeof en>();
  const api = useApi<MinibarApi>();
  const charge = async (body: NewCharge): Promise<void> => {
    const { body: made } = await api.chargeMinibar({ body });
    announce(t("minibar.charged", { item: made.item }), made.undo);
  };
  const takeBack = async ({
    charge_id,
    item,
  }: {
    readonly charge_id: string;
    readonly item: string;
  }): Promise<void> => {
    const { body } = await api.takeBackMinibarCharge({ params: { charge_id } });
    announce(t("minibar.taken_back", { item }), body.undo);
  };
  return { charge, takeBack };
}
