import type { Knex } from "knex";
import type { Readable } from "node:stream";
import pg from "pg";
import { type CopyToStreamQuery, to as copyTo } from "pg-copy-streams";

import { haveServerGiveWay, type ServedConnection } from "../process/priority.ts";
import { connectionOf, type Trx } from "./unit.ts";

/** The part of a pg connection that COPY needs. */
interface CopyConnection extends ServedConnection {
  pipeline: boolean;
  /** Why Knex's pool must not hand it out again. Knex sets it itself when it hears of the end, which is too late. */
  __knex__disposed?: string;
  query(stream: CopyToStreamQuery): CopyToStreamQuery;
  end(): Promise<void>;
}

/** A COPY that has ended by then is in nobody's way. */
const longMs = 100;

/** Nobody's next unit is to hold a lock in a process that gives way to all, be it for a moment or for good. */
const humble = "Its process gives way.";

/**
 * Streams a query's rows as PostgreSQL writes CSV: UTF-8, a header row, records that end in a line feed, NULL as an empty
 * cell and the empty string as `""`. It runs on the unit of work's own connection, so under its role, its tenant and its
 * snapshot, and holds no more rows than the reader lets through. The unit must stay open until the stream has ended, and
 * must not be used meanwhile. A long one lets the statements of others go first (`background.ts`).
 *
 * A stream that is destroyed half-way closes the connection, for the protocol has no other way to leave a COPY at once;
 * the unit of work then fails, and its failure is that the connection is gone: keep the first error if you want to know
 * why.
 * @param delimiter between the cells
 * @throws TypeError where a binding is not a string
 */
export async function copyOut(
  trx: Trx,
  query: Knex.Raw,
  { delimiter = "," }: { readonly delimiter?: "," | ";" } = {},
): Promise<Readable> {
  const { sql, bindings } = query.toSQL().toNative();
  // COPY takes no parameters. The statement is the caller's constant; each value is quoted by pg's own escapeLiteral.
  const select = sql.replaceAll(/\$(\d+)/g, (_, position: string) => literal(bindings[Number(position) - 1]));
  // A database may have another date order as its default; what we write must not depend on that.
  // And its reader may be slower than what a statement may take.
  await trx.raw("SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL statement_timeout = 0");
  const connection = connectionOf(trx) as unknown as CopyConnection;
  // A COPY has the connection to itself; the next unit of work pipelines again.
  connection.pipeline = false;
  const stream = connection.query(
    copyTo(`COPY (${select}) TO STDOUT (FORMAT csv, HEADER, DELIMITER '${delimiter}', ENCODING 'UTF8')`),
  );
  let standAgain: (() => Promise<boolean>) | undefined;
  const long = setTimeout(() => {
    standAgain = haveServerGiveWay(connection);
    if (standAgain !== undefined) connection.__knex__disposed ??= humble;
  }, longMs);
  let over = false;
  stream.once("end", () => {
    over = true;
  });
  // This listener stays: an error that comes after the reader has gone would end the process.
  stream.on("error", () => {
    // What PostgreSQL answered ends the COPY. What the stream was destroyed with (`errored`) does not.
    if (stream.errored === null) over = true;
  });
  stream.once("close", () => {
    clearTimeout(long);
    void standAgain?.().then((stands) => {
      if (stands && connection.__knex__disposed === humble) delete connection.__knex__disposed;
    });
    if (over) return;
    connection.__knex__disposed = "Its COPY was broken off.";
    void connection.end().catch(() => undefined);
  });
  return stream;
}

function literal(value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`COPY can't be given ${typeof value} as a value, only strings.`);
  return pg.escapeLiteral(value);
}
