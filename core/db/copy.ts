import type { Knex } from "knex";
import type { Readable } from "node:stream";
import pg from "pg";
import { type CopyToStreamQuery, to as copyTo } from "pg-copy-streams";

import { connectionOf, type Trx } from "./transaction.ts";

/** The part of a pg connection that COPY needs. */
interface CopyConnection {
  pipeline: boolean;
  /** Why Knex's pool must not lend it again. Knex sets it itself when it hears of the end, which is too late. */
  __knex__disposed?: string;
  query(stream: CopyToStreamQuery): CopyToStreamQuery;
  end(): Promise<void>;
}

/**
 * Streams a query's rows as PostgreSQL writes CSV. The text is UTF-8 and has a header row. Records end in a line feed.
 * NULL is an empty cell, and the empty string is `""`.
 *
 * The COPY runs on the transaction's own connection: under its role, its tenant and its snapshot. Memory contains only
 * the rows that the reader has not yet taken. The transaction must stay open until the stream has ended, and must not
 * be used before that.
 *
 * A stream that is destroyed half-way closes the connection, because the protocol has no other way to leave a COPY at
 * once. The transaction then fails with the error that the connection is gone. Keep the first error to know why.
 * @param delimiter between the cells
 * @throws TypeError if a binding is not a string
 */
export async function copyOut(
  trx: Trx,
  query: Knex.Raw,
  { delimiter = "," }: { readonly delimiter?: "," | ";" } = {},
): Promise<Readable> {
  const { sql, bindings } = query.toSQL().toNative();
  // COPY takes no parameters. The statement is the caller's constant. pg's own escapeLiteral quotes each value.
  const select = sql.replaceAll(/\$(\d+)/g, (_, position: string) => literal(bindings[Number(position) - 1]));
  // The file must not depend on the date order that the database has as its default.
  // The reader can take longer than the limit of a statement.
  await trx.raw("SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL statement_timeout = 0");
  // The types of pg don't declare that a client's query() takes a COPY, nor Knex its private field.
  const connection = connectionOf(trx) as unknown as CopyConnection;
  // A COPY has the connection to itself. The next transaction pipelines again.
  connection.pipeline = false;
  const stream = connection.query(
    copyTo(`COPY (${select}) TO STDOUT (FORMAT csv, HEADER, DELIMITER '${delimiter}', ENCODING 'UTF8')`),
  );
  let over = false;
  stream.once("end", () => {
    over = true;
  });
  // This listener stays: an error that comes after the reader has gone would end the process.
  stream.on("error", () => {
    // An error of PostgreSQL ends the COPY. The error that the stream was destroyed with (`errored`) does not.
    if (stream.errored === null) over = true;
  });
  stream.once("close", () => {
    if (over) return;
    connection.__knex__disposed = "Its COPY was interrupted.";
    void connection.end().catch(() => undefined);
  });
  return stream;
}

function literal(value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`A value of a COPY must be a string, not ${typeof value}.`);
  return pg.escapeLiteral(value);
}
