/** The model of prices that are agreed instead of the rates: whole minor units, and one unit at a time. */
import { type ModelHotel, type ModelNight, Refusal } from "./hotel.ts";

export type Role = "manager" | "receptionist";

interface Price {
  readonly per_night?: string;
  readonly total?: string;
  readonly withdrawn?: true;
}

type Nights = Map<number, ModelNight>;

const sum = (amounts: readonly number[]): number => amounts.reduce((all, one) => all + one, 0);

/** The nights at an agreed price, where there is one; those of closed days keep theirs. */
export function agreed(hotel: ModelHotel, nights: Nights, given: unknown, role: Role): Nights {
  if (given === undefined) return nights;
  const price = given as Price;
  const open = [...nights].filter(([day]) => day >= hotel.today);
  if (open.length === 0) throw new Refusal("WRONG_DAY");
  const racks = open.map(([, { rack }]) => rack);
  const rates = ratesOf(hotel, nights, price, racks);
  if (role === "receptionist") {
    const before = open.map(([, { rate }]) => rate);
    const far = (amount: number, rack: number): boolean => Math.abs(amount - rack) * 100 > rack * hotel.discountPercent;
    if (
      far(sum(before), sum(racks)) ||
      far(sum(rates), sum(racks)) ||
      (price.per_night !== undefined && rates.some((rate, index) => far(rate, racks[index] ?? 0))) ||
      rates.some((rate, index) => rate === 0 && racks[index] !== 0)
    )
      throw new Refusal("PRICE_NOT_ALLOWED");
  }
  return new Map([
    ...[...nights].filter(([day]) => day < hotel.today),
    ...open.map(([day, night], index) => [day, { ...night, rate: rates[index] ?? 0 }] as const),
  ]);
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
