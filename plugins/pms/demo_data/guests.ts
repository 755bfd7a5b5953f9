/** Names the guests of the demo hotel. Their addresses and numbers are reserved for examples. */
const firstNames = (
  "Anna Lukas Sofía Émile Hanna Jonas Camille Matteo Ingrid Thomas Chiara Pieter Nora Andrew Lena Julien Maria Oskar " +
  "Grace Felix Elif Samuel Clara Henrik Yuki Louise Diego Ruth Jan Amélie Peter Priya Simon Eva Daniel Zoë Karl " +
  "Marta Niklas Martin"
).split(" ");
const lastNames = (
  "Müller Rossi Keller García Hansen Moreau Taylor Bakker Weber Lindqvist Fischer Dubois Novák Hoffmann Costa Berger " +
  "Walsh Schneider Laurent Kowalski Brandt Martins Baumann Tanaka Vogel Bianchi Jensen Richter Lefèvre O'Brien Huber " +
  "Visser Zimmermann Okafor Wagner Ferrari Steiner Clarke Kaya Lehmann"
).split(" ");

/** A guest as a booking names one. */
export interface DemoGuest {
  readonly name: string;
  readonly email: string | null;
  readonly phone: string | null;
}

/** Returns the guest with a number. The numbers below 1,000 have different names and contacts. */
export function demoGuest(at: number): DemoGuest {
  const first = firstNames[at % firstNames.length] ?? "";
  // A shift by one name for each round: so no two guests have the same pair.
  const last = lastNames[(at * 7 + Math.floor(at / firstNames.length)) % lastNames.length] ?? "";
  const address = `${first}.${last}`.normalize("NFD").replaceAll(/[^A-Za-z.]/g, "");
  return {
    name: `${first} ${last}`,
    email: at % 3 === 2 ? null : `${address.toLowerCase()}@example.com`,
    phone: at % 4 === 1 ? null : `+49 30 23125${String((at * 37) % 1000).padStart(3, "0")}`,
  };
}

/** Whether a later booking recognizes the guest: by the name with an address or a number. */
export function isRecognized(at: number): boolean {
  const { email, phone } = demoGuest(at);
  return email !== null || phone !== null;
}
