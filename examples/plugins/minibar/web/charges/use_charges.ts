import { announce, useApi, useText } from "#web/mod.ts";
import type { MinibarApi } from "../../api.ts";
import type en from "../locales/en.json";

type NewCharge = MinibarApi["chargeMinibar"]["body"];

/** Charges items and takes charges back. Each of the two is the way back of the other. */
export function useCharges() {
  const t = useText<typeof en>();
  const api = useApi<MinibarApi>();
  const charge = async (body: NewCharge): Promise<void> => {
    const { body: made } = await api.chargeMinibar({ body });
    const { charge_id, item } = made;
    announce(t("minibar.charged", { item }), () => api.takeBackMinibarCharge({ params: { charge_id } }));
  };
  const takeBack = async ({ charge_id, ...made }: NewCharge & { readonly charge_id: string }): Promise<void> => {
    await api.takeBackMinibarCharge({ params: { charge_id } });
    const { booking_id, item, quantity, unit_price } = made;
    const body = { booking_id, item, quantity: quantity ?? 1, unit_price };
    announce(t("minibar.taken_back", { item }), () => api.chargeMinibar({ body }));
  };
  return { charge, takeBack };
}
