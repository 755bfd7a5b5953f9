/** Models agreed prices. It works in whole minor units, and distributes a total one unit at a time. */
import { type ModelBooking, type ModelNight, type ReleasedNight, Refusal } from "./data.ts";
import type { ModelHotel } from "./hotel.ts";

export type Role = "manager" | "receptionist";

interface Price {
  readonly per_night?: string;
  readonly total?: string;
  readonly withdrawn?: true;
}

type Nights = Map<number, ModelNight>;

const sum = (amounts: readonly number[]): number => amounts.reduce((all, one) => all + one, 0);

/**
 * Applies the agreed price of a request to the nights. Nights of closed days keep their price.
 * @param requested the member `agreed_price` of the request. Undefined leaves all nights as they are
 * @param replaced the nights before the request
 * @throws Refusal PRICE_NOT_ALLOWED if a receptionist's price differs from the rate by more than the policy allows
 */
export function applyAgreedPrice(
  hotel: ModelHotel,
  nights: Nights,
  requested: unknown,
  role: Role,
  replaced: ReadonlyMap<number, ModelNight> = new Map(),
): Nights {
  if (requested === undefined) return nights;
  const price = requested as Price;
  const open = [...nights].filter(([day]) => day >= hotel.today);
  if (open.length === 0) throw new Refusal("WRONG_DAY");
  const racks = open.map(([, { rackRate }]) => rackRate);
  const rates = ratesOf(hotel, nights, price, racks);
  if (role === "receptionist") {
    const isTooFar = (amount: number, rackRate: number): boolean => exceedsDiscount(hotel, amount, rackRate);
    requireReplaceable(
      hotel,
      [...replaced].filter(([day]) => day >= hotel.today).map(([, night]) => night),
    );
    if (
      isTooFar(sum(rates), sum(racks)) ||
      (price.per_night !== undefined && rates.some((rate, index) => isTooFar(rate, racks[index] ?? 0))) ||
      rates.some((rate, index) => rate === 0 && racks[index] !== 0)
    )
      throw new Refusal("PRICE_NOT_ALLOWED");
  }
  return new Map([
    ...[...nights].filter(([day]) => day < hotel.today),
    ...open.map(
      ([day, night], index) =>
        [day, { ...night, rate: rates[index] ?? 0, hasAgreedPrice: price.withdrawn !== true }] as const,
    ),
  ]);
}

/** Whether an amount differs from the rate by more than the policy `receptionist_discount_percent`. */
const exceedsDiscount = ({ discountPercent }: ModelHotel, amount: number, rackRate: number): boolean =>
  Math.abs(amount - rackRate) * 100 > rackRate * discountPercent;

/** Checks that a receptionist can end the agreed prices of the nights, by the limit for a new price. */
function requireReplaceable(hotel: ModelHotel, nights: readonly ModelNight[]): void {
  const atAgreedPrice = nights.filter((night) => night.hasAgreedPrice);
  const agreedTotal = sum(atAgreedPrice.map(({ rate }) => rate));
  const rackTotal = sum(atAgreedPrice.map((night) => night.rackRate));
  if (exceedsDiscount(hotel, agreedTotal, rackTotal)) throw new Refusal("PRICE_NOT_ALLOWED");
}

const atRackRate = (night: ModelNight): ModelNight => ({ ...night, rate: night.rackRate, hasAgreedPrice: false });

/**
 * Prices the nights of an amended stay. Also collects the nights that the amendment removes from the bill (releases).
 *
 * If an amendment exchanges agreed nights for others of the same product, the new nights get the agreed prices. The
 * prices keep the order of the dates. A removed night that gave its price away has the rack rate afterwards. A new
 * agreed price in the request replaces the old one in all nights, also in the removed ones.
 * @param after the nights of the amended stay, before agreed prices go from removed to added nights
 * @param isSameProduct whether a removed night counts as the same product as the added nights
 */
export function amendPrices(
  hotel: ModelHotel,
  booking: ModelBooking,
  after: Nights,
  { price, role, isSameProduct }: { price: unknown; role: Role; isSameProduct: (night: ModelNight) => boolean },
): { readonly nights: Nights; readonly releasedByAmendments: ReleasedNight[] } {
  const released = booking.releasedByAmendments;
  const ending = [...booking.nights]
    .filter(([day, { type }]) => after.get(day)?.type !== type)
    .sort(([a], [b]) => a - b)
    .map(([day, night]) => ({ day, night, roomType: booking.room.type }));
  const isNew = (day: number): boolean => !booking.nights.has(day) || ending.some((night) => night.day === day);
  if (price !== undefined) {
    const atRackRates = [...released, ...ending].map((one) => ({ ...one, night: atRackRate(one.night) }));
    const unpriced = new Map([...after].map(([day, night]) => [day, isNew(day) ? atRackRate(night) : night]));
    return {
      nights: applyAgreedPrice(hotel, unpriced, price, role, booking.nights),
      releasedByAmendments: atRackRates,
    };
  }
  const losingPrice = ending.filter(({ night }) => night.hasAgreedPrice && !isSameProduct(night));
  if (role === "receptionist")
    requireReplaceable(
      hotel,
      losingPrice.map(({ night }) => night),
    );
  const passingPrice = ending.filter(({ night }) => night.hasAgreedPrice && isSameProduct(night));
  const nights = new Map(after);
  for (const [day, night] of [...after].sort(([a], [b]) => a - b)) {
    if (!isNew(day) || night.hasAgreedPrice) continue;
    const former = passingPrice.shift();
    if (former === undefined) break;
    nights.set(day, { ...night, rate: former.night.rate, hasAgreedPrice: true });
    former.night = atRackRate(former.night);
  }
  return { nights, releasedByAmendments: [...released, ...ending] };
}

/** Computes the new rate of each open night. */
function ratesOf(hotel: ModelHotel, nights: Nights, price: Price, racks: readonly number[]): number[] {
  if (price.withdrawn === true) return [...racks];
  if (price.per_night !== undefined) {
    const rate = hotel.minor(price.per_night);
    return racks.map(() => rate);
  }
  const closed = sum([...nights].filter(([day]) => day < hotel.today).map(([, { rate }]) => rate));
  const left = hotel.minor(price.total ?? "") - closed;
  if (left < 0) throw new Refusal("VALIDATION_FAILED");
  return split(left, racks);
}

/**
 * Splits an amount by weights in whole units. Each share first gets the rounded-down part. The remaining units go one
 * by one to the share with the largest remainder.
 */
function split(amount: number, weights: readonly number[]): number[] {
  const whole = sum(weights);
  const shares = weights.map((weight) => (whole === 0 ? 1 : weight));
  const all = whole === 0 ? weights.length : whole;
  const parts = shares.map((share) => Math.floor((amount * share) / all));
  const remainders = shares.map((share) => (amount * share) % all);
  for (let left = amount - sum(parts); left > 0; left -= 1) {
    const largest = remainders.indexOf(Math.max(...remainders));
    parts[largest] = (parts[largest] ?? 0) + 1;
    remainders[largest] = -1;
  }
  return parts;
}
