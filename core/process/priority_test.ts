import { expect } from "chai";
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

import { isServedHere } from "./priority.ts";
import { copyOut } from "../db/copy.ts";
import { openUnit, sqlStateOf } from "../db/database.ts";
import { openPool } from "../db/pool.ts";
import { createTestDatabase, type TestDatabase } from "../../testing/postgres.ts";

/** Linux's numbers of the scheduling classes, the 41st field of a process's `stat`. */
const [other, idle] = ["0", "5"] as const;
const classOf = (pid: number | string): string | undefined =>
  readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ")[41 - 3];
const hasClasses = process.platform === "linux" && spawnSync("chrt", ["--version"]).status === 0;
/** Only root gets out of the class again. */
const hasWayBack = spawnSync("sh", ["-c", "chrt --idle --pid 0 $$ && chrt --other --pid 0 $$"]).status === 0;

const becomes = async (pid: number, wanted: string): Promise<void> => {
  for (let tries = 0; classOf(pid) !== wanted && tries < 100; tries += 1) await sleep(50);
  expect(classOf(pid)).to.equal(wanted);
};

describe("what nobody waits for", () => {
  let database: TestDatabase;
  let pool: ReturnType<typeof openPool>;
  before(async function () {
    // Elsewhere there are nice values at most.
    if (!hasClasses) this.skip();
    database = await createTestDatabase();
    pool = openPool({ url: database.url, max: 1, name: "background test" });
  });
  after(async () => {
    await pool?.destroy();
    await database?.drop();
  });

  it("gives way: a process of background jobs, with its threads", async () => {
    const program = `import { readdirSync, readFileSync } from "node:fs";
      const { giveWay } = await import("./priority.ts");
      await giveWay();
      for (const thread of readdirSync("/proc/self/task"))
        process.stdout.write(readFileSync("/proc/self/task/" + thread + "/stat", "utf8").split(") ")[1].split(" ")[38] + " ");`;
    const args = ["--import", "tsx", "--input-type=module", "-e", program];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: path.join(import.meta.dirname) });
    expect([...new Set(stdout.trim().split(" "))]).to.deep.equal([idle]);
  });

  it("gives way: the database process of a long COPY, until it has ended or was broken off", async () => {
    for (const breakOff of [false, true]) {
      const { rows } = (await pool.raw("SELECT pg_backend_pid() AS pid")) as { rows: [{ pid: number }] };
      const [{ pid }] = rows;
      const unit = openUnit(pool, { role: "keyrack_core" }, async (trx) => {
        const stream = await copyOut(trx, trx.raw("SELECT repeat('x', 1000) FROM generate_series(1, 20000)"));
        // Nobody reads: it can't end.
        await becomes(pid, idle);
        if (breakOff) stream.destroy();
        else stream.resume();
        await once(stream, "close");
      });
      await unit.catch((error: unknown) => {
        if (!breakOff) throw error;
      });
      if (!breakOff && hasWayBack) await becomes(pid, other);
    }
  });

  it("serves nobody else before it is back in the normal class, to which there may be no way", async () => {
    const pidOf = async (): Promise<number> => {
      const { rows } = (await pool.raw("SELECT pg_backend_pid() AS pid")) as { rows: [{ pid: number }] };
      return rows[0].pid;
    };
    // As for a plain user: everybody comes into the class, only root out of it. It may hang as well, or be late.
    const folder = await mkdtemp(path.join(os.tmpdir(), "keyrack-chrt-"));
    const { PATH } = process.env;
    const real = execFileSync("which", ["chrt"], { encoding: "utf8" }).trim();
    try {
      for (const refusal of ["exit 1", "exec sleep 60", "sleep 2"]) {
        const script = `#!/bin/sh\ncase "$*" in *--other*) ${refusal};; esac\nexec ${real} "$@"\n`;
        await writeFile(path.join(folder, "chrt"), script, { mode: 0o755 });
        process.env["PATH"] = `${folder}:${PATH}`;
        const pid = await pidOf();
        await openUnit(pool, { role: "keyrack_core" }, async (trx) => {
          const stream = await copyOut(trx, trx.raw("SELECT repeat('x', 1000) FROM generate_series(1, 20000)"));
          await becomes(pid, idle);
          stream.resume();
          await once(stream, "close");
        });
        const next = await pidOf();
        expect(next, refusal).to.not.equal(pid);
        expect(classOf(next)).to.equal(other);
      }
    } finally {
      process.env["PATH"] = PATH;
      await rm(folder, { recursive: true });
    }
  });

  it("keeps its connection, where it could not give way: chrt is missing, or it may not", async () => {
    const { PATH } = process.env;
    const { rows } = (await pool.raw("SELECT pg_backend_pid() AS pid")) as { rows: [{ pid: number }] };
    process.env["PATH"] = "/nowhere";
    try {
      await openUnit(pool, { role: "keyrack_core" }, async (trx) => {
        const stream = await copyOut(trx, trx.raw("SELECT repeat('x', 1000) FROM generate_series(1, 20000)"));
        await sleep(200);
        stream.resume();
        await once(stream, "close");
      });
      await sleep(300);
    } finally {
      process.env["PATH"] = PATH;
    }
    expect((await pool.raw("SELECT pg_backend_pid() AS pid")).rows).to.deep.equal(rows);
    expect(classOf(rows[0].pid)).to.equal(other);
  });

  it("stands like the others again after a long COPY that the database has refused in the middle", async () => {
    const { rows } = (await pool.raw("SELECT pg_backend_pid() AS pid")) as { rows: [{ pid: number }] };
    const [{ pid }] = rows;
    for (const ms of [0, 300]) {
      const error = await openUnit(pool, { role: "keyrack_core" }, async (trx) => {
        const sql = `SELECT 1 / (1 - i) FROM (SELECT pg_sleep(${ms / 1000}), 1 AS i OFFSET 0) AS late`;
        for await (const chunk of await copyOut(trx, trx.raw(sql))) void chunk;
      }).catch((thrown: unknown) => thrown);
      expect(sqlStateOf(error)).to.equal("22012");
      // Of the short one, the timer must not come after all.
      if (ms === 0) await sleep(250);
      if (ms === 0 || hasWayBack) await becomes(pid, other);
    }
  });

  it("is not looked for among the processes of others", async () => {
    const { rows } = (await pool.raw("SELECT pg_backend_pid() AS pid, inet_client_port() AS port")) as {
      rows: [{ pid: number; port: number }];
    };
    const [{ pid, port }] = rows;
    const served = (processID: number | null, localPort: number) =>
      isServedHere({ processID, connection: { stream: { localPort } } });
    expect(served(pid, port)).to.equal(true);
    expect(served(pid, port + 1), "another's connection").to.equal(false);
    expect(served(process.pid, port), "a process that is not PostgreSQL's").to.equal(false);
    expect(served(null, port)).to.equal(false);
    expect(isServedHere({ processID: pid, connection: { stream: {} } }), "over a socket without a port").to.equal(
      false,
    );
  });
});
