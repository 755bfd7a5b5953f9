import { randomNumbers } from "./random.ts";

/** Makes ids as UUID v7: sorted by their time, then by the order of the calls. The same calls make the same ids. */
export function demoIds(): (at: Date) => string {
  const random = randomNumbers(7);
  let made = 0;
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");
  return (at) => {
    const time = hex(at.getTime(), 12);
    const order = hex(made++ % 0x1000, 3);
    const noise = hex(Math.floor(random() * 2 ** 44), 11);
    return `${time.slice(0, 8)}-${time.slice(8)}-7${order}-8000-0${noise}`;
  };
}
