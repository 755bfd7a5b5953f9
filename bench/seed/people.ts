/**
 * The guests of the seed. A search must meet words of all kinds. Some names are common (one guest in twelve), and
 * some are rare. A quarter of the surnames is made of syllables, so that a few dozen guests have each.
 */
import { scramble } from "./random.ts";

const firstNames = [
  "Anna Maria Peter Thomas Michael Sofia Emma Paul Laura Julia David Martin José Elena Lukas Sarah Daniel",
  "Marie Nina Jan Olga Andreas Clara Hugo Ida Søren Zoë Lars Éva Pilar Björn Chloé Marta Jonas Yuki Amira",
  "Luca Greta Oskar Ines Kenji Aylin Mateo Freya Dara Tomás Noor Edith Bruno Agnes Viktor Selma Rafael",
  "Hanne Milan Ottilie Igor Philippa Leopold Xenia",
].flatMap((line) => line.split(" "));
const surnames = [
  "Müller Smith Schmidt Garcia Martin Jones Rossi Weber Silva Novák Wagner Brown Fernández Bernard Hansen",
  "Becker Taylor Kowalski Bianchi Hoffmann Nielsen Moreau Evans Popescu Keller Svensson Costa Wilson",
  "Horváth Lindberg Fischer O'Brien Larsen Tanaka Vogel Dubois Marino Walker Petrov Andersson Ruiz Kaya",
  "Lang Murphy Virtanen Conti Haas Lefèvre Nagy Campbell Demir Sato Ortega Zimmermann Quinn Ferrari Bauer",
  "Jansen Dvořák Hughes Lindqvist Romano Achterberg Yilmaz Vandenberghe Nakamura Oyelaran Szymański",
  "Thorsteinsson Featherstonehaugh",
].flatMap((line) => line.split(" "));
const heads = "Bar Cor Del Fen Gal Har Ing Kes Lom Mar Nor Ost Pel Ran Sig Tor Ulm Vas Wil Zan".split(" ");
const middles = "a be do e ga i ka le mo na o pi ra so ti".split(" ");
const tails = "berg dal feld hart horst lund mann rath sen stad thal vik wald zky".split(" ");

export interface Person {
  readonly name: string;
  readonly email: string | null;
  readonly phone: string | null;
}

/** Returns the guest with this number. No two guests of a hotel share an address or a phone. */
export function personOf(hotel: number, guest: number): Person {
  const [a, b, c] = [scramble(hotel, guest), scramble(guest, hotel + 1), scramble(a0(hotel), guest + 7)];
  const first = common(firstNames, (a % 10_007) / 10_007);
  const last = b % 4 === 0 ? rareSurname(c) : common(surnames, (b % 10_009) / 10_009);
  const user = `${plain(first)}.${plain(last)}${guest}`;
  const domain = ["example.com", "example.org", "mail.example.net"][c % 3] ?? "example.com";
  return {
    name: `${first} ${last}`,
    email: a % 5 === 0 ? null : `${user}@${domain}`,
    phone: c % 5 < 2 ? null : `+${31 + (a % 18)} ${100 + (b % 900)} ${String(guest).padStart(7, "0")}`,
  };
}

const a0 = (hotel: number): number => hotel * 31 + 17;

/** Picks from a list by a number from 0 to 1. The first entries are far more frequent than the last. */
const common = (list: readonly string[], part: number): string => list[Math.floor(list.length * part ** 2.2)] ?? "Doe";

function rareSurname(number: number): string {
  const pick = (list: readonly string[], by: number): string => list[Math.floor(number / by) % list.length] ?? "";
  return `${pick(heads, 1)}${pick(middles, 20)}${pick(tails, 300)}`;
}

const folded = new Map<string, string>();

function plain(name: string): string {
  const known = folded.get(name);
  if (known !== undefined) return known;
  const letters = name
    .normalize("NFD")
    .toLowerCase()
    .replaceAll("ø", "o")
    .replaceAll(/[^a-z]/g, "");
  folded.set(name, letters);
  return letters;
}
