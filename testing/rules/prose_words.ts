/** Words and phrases that docs/style.md refuses, each with its replacement. Sources: rules 2, 4, 5 and 10. */

export interface BannedWords {
  /** Matches the refused words. Global and case-insensitive, as `String.matchAll` needs it. */
  readonly pattern: RegExp;
  /** The words to write instead. */
  readonly instead: string;
}

const banned = (pattern: string, instead: string): BannedWords => ({ pattern: new RegExp(pattern, "gi"), instead });

/** Rule 2: the actor has a name. */
const actors: readonly BannedWords[] = [
  banned(
    String.raw`\b(nobody|everybody|somebody|anybody|whoever|whomever|whom)\b`,
    "the actor: the request, the worker, the guest, the manager",
  ),
];

/** "is no longer" and comparisons such as "is no slower" are plain English. */
const afterNo =
  "longer|more|less|other|worse|better|slower|faster|later|earlier|older|newer|higher|lower|larger|smaller";

/** Rule 4: a sentence says what must be. */
const negations: readonly BannedWords[] = [
  banned(String.raw`(?<!\bthere )\b(is|are|was|were) no (?!(${afterNo})\b)\w+`, "the requirement: `must be a string`"),
  banned(String.raw`\bno such thing\b`, "`Not found`"),
  banned(String.raw`\b(does|do|did) not fit\b`, "`Validation failed`, or which limit is exceeded"),
  banned(String.raw`\bmay (not|no|never|neither)\b`, "`must not`, `can't` or `might not`"),
];

/** Rule 5: the field's own term, no private metaphor. */
const metaphors: readonly BannedWords[] = [
  banned(String.raw`\b(give|gives|gave|given|giving) way\b`, "`lowers its priority`, `waits` or `yields`"),
  banned(String.raw`\bhumbl(e|es|ed|ing)\b`, "`lower the priority`"),
  banned(String.raw`\b(tell|tells|told|telling|tellings)\b`, "`says`, `reports`, `shows`, `distinguishes` or `facts`"),
  banned(String.raw`\b(call|calls|called|calling)[ -]ups?\b`, "`re-enqueue`"),
  banned(String.raw`(?<!fire)\bwalls?\b(?![ -]clock)`, "`tenant isolation`, `permission` or `constraint`"),
  banned(String.raw`\bgate(s|d)?\b`, "`login`, `check` or `limit`"),
  banned(String.raw`\bties?\b(?!-)`, "`link`"),
  banned(String.raw`\bsoil(s|ed|ing)?\b`, "`mark dirty`"),
  banned(String.raw`\b(news|rumou?rs?)\b`, "`change`, `newly known` or `stale`"),
  banned(String.raw`(?<!real[ -])\bworlds?\b`, "`mode` (test mode, live mode) or `environment`"),
  banned(String.raw`\bst(ands?|ood)\b(?! (for|alone)\b)`, "`is`, `remains` or `exists`"),
  banned(String.raw`\briddles?\b`, "the thing itself"),
];

/** Rule 10: plain modern American English. */
const plain: readonly BannedWords[] = [
  banned(String.raw`\banew\b`, "`again`"),
  banned(String.raw`\bof before\b`, "`before` or `earlier`"),
  banned(String.raw`\bfor so long\b`, "a duration with its unit"),
  banned(String.raw`\bfor ever\b`, "`forever`"),
  banned(
    String.raw`\b(whence|thence|hither|thither|thereof|therein|whereof|wherein|whereupon|thereupon)\b`,
    "plain words",
  ),
  banned(String.raw`\b(lest|ere|nought|aught|amidst|betwixt|albeit)\b`, "plain words"),
  banned(String.raw`\b(whilst|amongst)\b`, "`while`, `among`"),
];

const stemsOfIze = [
  "anonym author capital categor custom emphas final general initial local material maxim memo minim normal optim",
  "organ parameter priorit random real recogn sanit serial special standard summar synchron token util",
];
const endingsOfIse = "e|es|ed|er|ers|ing|ation|ations";

/** Rule 10: American spelling. */
const british: readonly BannedWords[] = [
  banned(String.raw`\b(colour|behaviour|favour|honour|neighbour|labour|harbour)\w*`, "the American spelling in -or"),
  banned(
    String.raw`\b(${stemsOfIze.join(" ").replaceAll(" ", "|")})is(${endingsOfIse})\b`,
    "the American spelling in -ize",
  ),
  banned(String.raw`\b(catalogue|dialogue)s?\b`, "`catalog`, `dialog`"),
  banned(String.raw`\b(cancel|travel|model|label|signal|fuel|level)l(ed|ing|er|ers)\b`, "the American single l"),
  banned(
    String.raw`\b(centre|metre|litre|defence|licence|offence|grey|analyse[sd]?|fulfil|fulfils|judgement)\b`,
    "the American spelling",
  ),
];

export const bannedWords: readonly BannedWords[] = [...actors, ...negations, ...metaphors, ...plain, ...british];
