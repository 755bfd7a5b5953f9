/**
 * Divides an amount by a number of rooms, rounded half up to the decimals that the amount has. It computes with whole
 * units, because a JavaScript number can't hold every amount.
 * @returns undefined without rooms
 */
export function perRoom(amount: string, rooms: number): string | undefined {
  if (rooms <= 0) return undefined;
  const [whole = "0", decimals = ""] = amount.split(".");
  const by = BigInt(rooms);
  const units = (BigInt(whole + decimals) * 2n + by) / (by * 2n);
  if (decimals === "") return units.toString();
  const digits = units.toString().padStart(decimals.length + 1, "0");
  return `${digits.slice(0, -decimals.length)}.${digits.slice(-decimals.length)}`;
}
