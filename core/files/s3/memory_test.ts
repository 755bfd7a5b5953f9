import { expect } from "chai";
import { execFile } from "node:child_process";
import { createServer, type Server } from "node:http";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const program = path.join(import.meta.dirname, "..", "..", "..", "testing", "s3", "s3_memory.ts");

/** An S3 server that keeps only the length of an upload, and returns as many bytes. */
function forgetfulS3(): Server {
  let stored = 0;
  return createServer((request, response) => {
    const begins = request.url?.includes("uploads=") === true;
    if (begins) stored = 0;
    request.on("data", (chunk: Buffer) => {
      if (request.method === "PUT") stored += chunk.length;
    });
    request.on("end", () => {
      if (begins) response.end("<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>");
      else if (request.method === "POST")
        response.end("<CompleteMultipartUploadResult><ETag>1</ETag></CompleteMultipartUploadResult>");
      else if (request.method === "PUT") response.setHeader("etag", '"1"').end();
      else {
        response.setHeader("content-length", stored);
        const chunk = Buffer.alloc(1 << 16, "x");
        let left = stored;
        const more = (): void => {
          while (left > 0) {
            left -= chunk.length;
            if (!response.write(chunk)) {
              response.once("drain", more);
              return;
            }
          }
          response.end();
        };
        more();
      }
    });
  });
}

describe("the memory of a store in S3", () => {
  let server: Server;
  before(async () => {
    server = forgetfulS3();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it("The store needs memory for a few parts, however large the file is", async function () {
    this.timeout(120_000);
    const address = server.address();
    const endpoint = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
    const of = async (megabytes: number) => {
      const args = ["--import", "tsx", "--max-old-space-size=48", program, endpoint, String(megabytes)];
      const { stdout } = await run(process.execPath, args);
      const told = JSON.parse(stdout) as { bytes: number; read: number; writeMb: number; mb: number };
      expect([told.bytes, told.read]).to.deep.equal([megabytes << 20, megabytes << 20]);
      return told;
    };
    const small = await of(64);
    const large = await of(384);
    expect(large.mb, JSON.stringify({ small, large })).to.be.lessThan(120);
    expect(large.mb - small.mb, JSON.stringify({ small, large })).to.be.lessThan(40);
  });
});
