/** A private place for a plugin's files: what it writes becomes visible only when it is whole. */
import type { Readable } from "node:stream";

export interface WrittenFile {
  readonly bytes: number;
  /** SHA-256 of the content, in hex. */
  readonly sha256: string;
}

export interface FileStore {
  /** Writes a stream under a name; an error or an abort leaves nothing behind. A file of that name is replaced. */
  write(name: string, content: Readable, signal?: AbortSignal): Promise<WrittenFile>;
  /** Opens a file. @throws FileMissing */
  read(name: string): Promise<Readable>;
  /** Removes a file; one that is not there is no error. */
  remove(name: string): Promise<void>;
  /** Removes what killed writers left behind, where it is older than so many milliseconds. */
  sweep(olderThanMs: number): Promise<void>;
}

export class FileMissing extends Error {
  override readonly name = "FileMissing";
}
