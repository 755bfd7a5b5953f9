/** Types of the parts of s3rver that the tests use. The package has no types. */
declare module "@20minutes/s3rver" {
  import type { Server } from "node:http";
  import type { Middleware } from "koa";
  import type Koa from "koa";

  export default class S3rver extends Koa {
    constructor(options: {
      readonly address: string;
      readonly port: number;
      readonly silent: boolean;
      readonly directory: string;
      readonly vhostBuckets: boolean;
      readonly configureBuckets: readonly { readonly name: string }[];
    });
    override readonly middleware: Middleware[];
    readonly httpServer: Server;
    readonly logger: { silent: boolean };
    readonly store: {
      getResourcePath(bucket: string, key: string | undefined, resource: string): string;
      getBucket(bucket: string): Promise<object | null>;
      listObjects(
        bucket: string,
        options: { prefix: string; delimiter: string; startAfter: string; maxKeys: number },
      ): Promise<{
        objects: { key: string; size: number; lastModifiedDate: Date }[];
        commonPrefixes: string[];
        isTruncated: boolean;
      }>;
    };
    run(): Promise<{ readonly port: number }>;
    close(): Promise<void>;
  }
}

declare module "@20minutes/s3rver/lib/middleware/authentication.js" {
  import type { Middleware } from "koa";

  export default function authentication(): Middleware;
}
