/** Reads a source file's imports and the names that it uses, from its syntax tree instead of patterns of text. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseSync } from "oxc-parser";

export interface Import {
  /** The module as the source writes it. Undefined if it is computed. */
  readonly from: string | undefined;
  /** Whether the import is only of types, and gone when the code runs. */
  readonly typeOnly: boolean;
}

export interface Source {
  /** From the root, with forward slashes. */
  readonly file: string;
  readonly text: string;
  readonly imports: readonly Import[];
  /** Free names, with the member that is used: `process.exit`, `fetch`. `process` alone if it is passed on. */
  readonly names: readonly string[];
}

/** Names of the files that Node, tsx or Deno can run. */
const runs = /\.[mc]?[jt]sx?$/;

/** Reads all files below these folders that can be run. @throws Error if one is a symbolic link */
export function readSources(root: string, folders: readonly string[]): Source[] {
  return folders.flatMap((folder) => {
    const entries = readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true });
    return entries
      .map((entry) => ({
        entry,
        file: path.join(path.relative(root, entry.parentPath), entry.name).replaceAll(path.sep, "/"),
      }))
      .filter(({ entry, file }) => {
        if (entry.isSymbolicLink())
          throw new Error(`${file} is a symbolic link, and the rules do not see its target. Replace it by the file.`);
        return entry.isFile() && runs.test(file);
      })
      .map(({ file }) => readSource(file, readFileSync(path.join(root, file), "utf8")));
  });
}

/** Reads one file. @throws Error if it can't be parsed, because then its imports are unknown */
export function readSource(file: string, text: string): Source {
  const { program, errors } = parseSync(file, text);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${file} can't be parsed: ${error.message}`);
  const found: Found = { imports: [], names: new Set() };
  visit(program as unknown as Node, { inType: false, found });
  return { file, text, imports: found.imports, names: [...found.names] };
}

interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}

interface Found {
  readonly imports: Import[];
  readonly names: Set<string>;
}

interface Place {
  readonly inType: boolean;
  readonly found: Found;
}

/** Parts of TypeScript that exist when the code runs. All others are types. */
const runtimeParts = new RegExp(
  "^TS(AsExpression|SatisfiesExpression|NonNullExpression|TypeAssertion|InstantiationExpression|Enum\\w+|Module\\w+|" +
    "ParameterProperty|ExportAssignment|ImportEqualsDeclaration|ExternalModuleReference|Abstract\\w+)$",
);

function visit(node: Node, place: Place): void {
  const inType = place.inType || (node.type.startsWith("TS") && !runtimeParts.test(node.type));
  const { imports, names } = place.found;
  const importFrom = (source: unknown, typeOnly: boolean): void => {
    imports.push({ from: literal(source), typeOnly });
  };
  switch (node.type) {
    case "ImportDeclaration":
      importFrom(node["source"], node["importKind"] === "type");
      return;
    case "ExportAllDeclaration":
      importFrom(node["source"], node["exportKind"] === "type");
      return;
    case "ExportNamedDeclaration":
      if (!isNode(node["source"])) break;
      importFrom(node["source"], node["exportKind"] === "type");
      return;
    case "ImportExpression":
      importFrom(node["source"], false);
      break;
    case "TSImportType":
      importFrom(node["source"], true);
      break;
    case "TSExternalModuleReference":
      importFrom(node["expression"], false);
      break;
    case "MetaProperty":
      return;
    case "Identifier":
      if (!inType) names.add(String(node["name"]));
      break;
    case "VariableDeclarator": {
      const { id, init } = node;
      if (!isNode(id) || id.type !== "ObjectPattern" || !isNode(init) || init.type !== "Identifier") break;
      for (const part of id["properties"] as Node[]) names.add(`${String(init["name"])}.${keyOf(part) ?? "*"}`);
      break;
    }
    case "MemberExpression": {
      const { object } = node;
      if (inType || !isNode(object) || object.type !== "Identifier") break;
      names.add(`${String(object["name"])}.${property(node) ?? "*"}`);
      if (node["computed"] === true) visit(node["property"] as Node, { inType, found: place.found });
      return;
    }
    default:
  }
  for (const [field, value] of Object.entries(node)) {
    if ((field === "property" || field === "key" || field === "label") && node["computed"] !== true) continue;
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (isNode(child)) visit(child, { inType, found: place.found });
    }
  }
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";

/** Returns `b` of `a.b` and `a["b"]`, and undefined for `a[b]`. */
function property({ property: name, computed }: Node): string | undefined {
  if (computed === true) return literal(name);
  return isNode(name) ? String(name["name"]) : undefined;
}

/** Returns `a` of `{ a }` and `{ "a": b }`, and undefined for `{ [a]: b }` and a rest element. */
function keyOf({ key, computed }: Node): string | undefined {
  if (!isNode(key)) return undefined;
  return key.type === "Identifier" && computed !== true ? String(key["name"]) : literal(key);
}

/** Returns a text in quotes, or in backquotes without a value to fill in. */
function literal(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === "Literal" && typeof node["value"] === "string") return node["value"];
  const { quasis, expressions } = node as { quasis?: { value: { cooked: string } }[]; expressions?: unknown[] };
  return node.type === "TemplateLiteral" && expressions?.length === 0 ? quasis?.[0]?.value.cooked : undefined;
}
