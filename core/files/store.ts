/** A private place for a plugin's files: what it writes becomes visible only when it is whole. */
import type { Readable } from "node:stream";

export interface WrittenFile {
  readonly bytes: number;
  /** SHA-256 of the content, in hex. */
  readonly sha256: string;
}

/** The bytes `start` to `end`, both included, counted from 0. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface StoredFile {
  readonly name: string;
  /** When it was written whole. */
  readonly modifiedAt: Date;
}

export interface FileStore {
  /** Writes a stream under a name; an error or an abort leaves nothing behind. A file of that name is replaced. */
  write(name: string, content: Readable, signal?: AbortSignal): Promise<WrittenFile>;
  /** Opens a file, or a part of it. @throws FileMissing */
  read(name: string, range?: ByteRange): Promise<Readable>;
  /** Removes a file; one that is not there is no error. */
  remove(name: string): Promise<void>;
  /** All whole files, in no order. */
  list(): AsyncIterable<StoredFile>;
  /** Removes what killed writers left behind, where it is older than so many milliseconds. */
  sweep(olderThanMs: number): Promise<void>;
}

export class FileMissing extends Error {
  override readonly name = "FileMissing";
}
