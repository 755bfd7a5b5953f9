/** Names of the guests of the demo hotel. Their addresses and numbers are reserved for examples. */
const names =
  "Ada Lovelace|Grace Thompson|Alan Keller|Edsger Shannon|Barbara Goldberg|Donald Cerf|Margaret Turing|" +
  "Ken Lamport|Radia Easley|Leslie Rossum|Katherine Bartik|Tim Diffie|Hedy Liskov|Linus Berners-Lee|" +
  "Mary Clarke|Dennis Hansen|Annie Shaw|John Sutherland|Joan Hamilton|Niklaus Bauer|Frances Allen|" +
  "Claude Matsumoto|Evelyn Conway|Guido Hopper|Karen Perlman|Bjarne Ritter|Sophie Boyd|Yukihiro Moreau|" +
  "Adele Goldwasser|Andrew Dijkstra|Jean Johnson|Rob Backus|Carol Jones|Tony Pike|Lynn Kare|Vint Knuth|" +
  "Shafi Lamarr|Whitfield Wirth|Susan Wilson|Ivan Hoare|Ada Berners-Lee|Grace Clarke|Alan Hansen|Edsger Shaw|" +
  "Barbara Sutherland|Donald Hamilton|Margaret Bauer|Ken Allen|Radia Matsumoto|Leslie Conway|Katherine Hopper|" +
  "Tim Perlman|Hedy Ritter|Linus Boyd|Mary Moreau|Dennis Goldwasser|Annie Dijkstra|John Johnson|Joan Backus|" +
  "Niklaus Jones|Frances Pike|Claude Kare|Evelyn Knuth|Guido Lamarr|Karen Wirth|Bjarne Wilson|Sophie Hoare|" +
  "Yukihiro Lovelace|Adele Thompson|Andrew Keller|Jean Shannon|Rob Goldberg|Carol Cerf|Tony Turing|" +
  "Lynn Lamport|Vint Easley|Shafi Rossum|Whitfield Bartik|Susan Diffie|Ivan Liskov|Ada Boyd|Grace Moreau|" +
  "Alan Goldwasser|Edsger Dijkstra|Barbara Johnson|Donald Backus|Margaret Jones|Ken Pike|Radia Kare|" +
  "Leslie Knuth|Katherine Lamarr|Tim Wirth|Hedy Wilson|Linus Hoare|Mary Lovelace|Dennis Thompson|Annie Keller|" +
  "John Shannon|Joan Goldberg|Niklaus Cerf|Frances Turing|Claude Lamport|Evelyn Easley|Guido Rossum|" +
  "Karen Bartik|Bjarne Diffie|Sophie Liskov|Yukihiro Berners-Lee|Adele Clarke|Andrew Hansen|Jean Shaw|" +
  "Rob Sutherland|Carol Hamilton|Tony Bauer|Lynn Allen|Vint Matsumoto|Shafi Conway|Whitfield Hopper|" +
  "Susan Perlman|Ivan Ritter|Ada Hoare|Grace Lovelace|Alan Thompson|Edsger Keller|Barbara Shannon|" +
  "Donald Goldberg|Margaret Cerf|Ken Turing|Radia Lamport|Leslie Easley|Katherine Rossum|Tim Bartik|" +
  "Hedy Diffie|Linus Liskov|Mary Berners-Lee|Dennis Clarke|Annie Hansen|John Shaw|Joan Sutherland|" +
  "Niklaus Hamilton|Frances Bauer|Claude Allen|Evelyn Matsumoto|Guido Conway|Karen Hopper|Bjarne Perlman|" +
  "Sophie Ritter|Yukihiro Boyd|Adele Moreau|Andrew Goldwasser|Jean Dijkstra|Rob Johnson|Carol Backus|" +
  "Tony Jones|Lynn Pike|Vint Kare|Shafi Knuth|Whitfield Lamarr|Susan Wirth|Ivan Wilson|Ada Liskov|" +
  "Grace Berners-Lee|Alan Clarke|Edsger Hansen|Barbara Shaw|Donald Sutherland|Margaret Hamilton|Ken Bauer|" +
  "Radia Allen|Leslie Matsumoto|Katherine Conway|Tim Hopper|Hedy Perlman|Linus Ritter|Mary Boyd|Dennis Moreau|" +
  "Annie Goldwasser|John Dijkstra|Joan Johnson|Niklaus Backus";

/** A guest as a booking names one. */
interface DemoGuest {
  readonly name: string;
  readonly email: string | null;
  readonly phone: string | null;
}

export const demoGuests: readonly DemoGuest[] = names.split("|").map((name, at) => ({
  name,
  email: at % 3 === 2 ? null : `${name.toLowerCase().replaceAll(" ", ".")}@example.com`,
  phone: at % 4 === 1 ? null : `+49 30 23125${String((at * 37) % 1000).padStart(3, "0")}`,
}));
