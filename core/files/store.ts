/** Declares the private store of a plugin's files. A file becomes visible only when it is complete. */
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
  /** The time at which it was completely written. */
  readonly modifiedAt: Date;
}

export interface FileStore {
  /** Writes a stream under a name, and replaces a file of that name. An error or an abort leaves no new file. */
  write(name: string, content: Readable, signal?: AbortSignal): Promise<WrittenFile>;
  /** Opens a file, or a part of it. @throws FileMissing */
  read(name: string, range?: ByteRange): Promise<Readable>;
  /** Removes a file. Does nothing if it is missing. */
  remove(name: string): Promise<void>;
  /** Lists the complete files, in no particular order. */
  list(): AsyncIterable<StoredFile>;
  /** Removes incomplete files of killed writers that are older than the given time (ms). */
  sweep(olderThanMs: number): Promise<void>;
}

export class FileMissing extends Error {
  override readonly name = "FileMissing";
}
