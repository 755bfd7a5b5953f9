/** The model of prices that are agreed instead of the rates: whole minor units, and one unit at a time. */
import { type ModelBooking, type ModelHotel, type ModelNight, type ModelReleased, Refusal } from "./hotel.ts";

export type Role = "manager" | "receptionist";

interface Price {
  readonly per_night?: string;
  readonly total?: string;
  readonly withdrawn?: true;
}

type Nights = Map<number, ModelNight>;

const sum = (amounts: readonly number[]): number => amounts.reduce((all, one) => all + one, 0);

/**
 * The nights at an agreed price, where there is one; those of closed days keep theirs.
 * @param replaced the nights as they were
 */
export function agreed(
  hotel: ModelHotel,
  nights: Nights,
  given: unknown,
  role: Role,
  replaced: ReadonlyMap<number, ModelNight> = new Map(),
): Nights {
  if (given === undefined) return nights;
  const price = given as Price;
  const open = [...nights].filter(([day]) => day >= hotel.today);
  if (open.length === 0) throw new Refusal("WRONG_DAY");
  const racks = open.map(([, { rack }]) => rack);
  const rates = ratesOf(hotel, nights, price, racks);
  if (role === "receptionist") {
    const far = (amount: number, rack: number): boolean => isFar(hotel, amount, rack);
    requireReplaceable(
      hotel,
      [...replaced].filter(([day]) => day >= hotel.today).map(([, night]) => night),
    );
    if (
      far(sum(rates), sum(racks)) ||
      (price.per_night !== undefined && rates.some((rate, index) => far(rate, racks[index] ?? 0))) ||
      rates.some((rate, index) => rate === 0 && racks[index] !== 0)
    )
      throw new Refusal("PRICE_NOT_ALLOWED");
  }
  return new Map([
    ...[...nights].filter(([day]) => day < hotel.today),
    ...open.map(
      ([day, night], index) => [day, { ...night, rate: rates[index] ?? 0, agreed: price.withdrawn !== true }] as const,
    ),
  ]);
}

const isFar = ({ discountPercent }: ModelHotel, amount: number, rack: number): boolean =>
  Math.abs(amount - rack) * 100 > rack * discountPercent;

function requireReplaceable(hotel: ModelHotel, nights: readonly ModelNight[]): void {
  const dear = nights.filter((night) => night.agreed);
  const [paid, rack] = [sum(dear.map(({ rate }) => rate)), sum(dear.map((night) => night.rack))];
  if (isFar(hotel, paid, rack)) throw new Refusal("PRICE_NOT_ALLOWED");
}

const plain = (night: ModelNight): ModelNight => ({ ...night, rate: night.rack, agreed: false });

/**
 * What an amendment leaves of the prices that were agreed. Each agreed night that goes hands its price to the next night
 * that comes without one, if both are sold as the same; a price handed on does not come back with its old night. A new
 * agreement ends all of the old one.
 * @param after the nights of the amended stay, before anything is handed on
 * @param sameProduct whether a night that goes is sold as those that come
 */
export function amendPrices(
  hotel: ModelHotel,
  booking: ModelBooking,
  after: Nights,
  { price, role, sameProduct }: { price: unknown; role: Role; sameProduct: (night: ModelNight) => boolean },
): { readonly nights: Nights; readonly released: ModelReleased[] } {
  const had = booking.released;
  const going = [...booking.nights]
    .filter(([day, { type }]) => after.get(day)?.type !== type)
    .sort(([a], [b]) => a - b)
    .map(([day, night]) => ({ day, night, roomType: booking.room.type }));
  const isNew = (day: number): boolean => !booking.nights.has(day) || going.some((one) => one.day === day);
  if (price !== undefined) {
    const over = [...had, ...going].map((one) => ({ ...one, night: plain(one.night) }));
    const unpriced = new Map([...after].map(([day, night]) => [day, isNew(day) ? plain(night) : night]));
    return { nights: agreed(hotel, unpriced, price, role, booking.nights), released: over };
  }
  const ending = going.filter(({ night }) => night.agreed && !sameProduct(night));
  if (role === "receptionist")
    requireReplaceable(
      hotel,
      ending.map(({ night }) => night),
    );
  const givers = going.filter(({ night }) => night.agreed && sameProduct(night));
  const nights = new Map(after);
  for (const [day, night] of [...after].sort(([a], [b]) => a - b)) {
    if (!isNew(day) || night.agreed) continue;
    const giver = givers.shift();
    if (giver === undefined) break;
    nights.set(day, { ...night, rate: giver.night.rate, agreed: true });
    giver.night = plain(giver.night);
  }
  return { nights, released: [...had, ...going] };
}

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

/** Hands out whole units: first what each share has for certain, then one by one to the share that still lacks most. */
function split(amount: number, weights: readonly number[]): number[] {
  const whole = sum(weights);
  const shares = weights.map((weight) => (whole === 0 ? 1 : weight));
  const all = whole === 0 ? weights.length : whole;
  const parts = shares.map((share) => Math.floor((amount * share) / all));
  const lacking = shares.map((share) => (amount * share) % all);
  for (let left = amount - sum(parts); left > 0; left -= 1) {
    const most = lacking.indexOf(Math.max(...lacking));
    parts[most] = (parts[most] ?? 0) + 1;
    lacking[most] = -1;
  }
  return parts;
}
