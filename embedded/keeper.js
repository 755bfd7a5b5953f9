// @ts-check
/**
 * The keeper: a small process between Keyrack and its PostgreSQL. It runs as long as the server. Its stdin is a pipe
 * whose other end only Keyrack has. When Keyrack calls `stop()` or ends, also by `kill -9`, the kernel closes that end.
 * So an ordinary stop and a crash work in the same way, and no server outlives the process that started it.
 *
 * The keeper is plain JavaScript because each start waits for it: Node 20 can't run .ts, and tsx would add about 0.3 s.
 */
import { spawn } from "node:child_process";

/**
 * Signals that stop the server, each with the milliseconds until the next one. SIGINT rolls open transactions back.
 * After SIGQUIT, the next start recovers from the write-ahead log. SIGKILL always ends the process.
 */
const steps = /** @type {const} */ ([
  ["SIGINT", 15_000],
  ["SIGQUIT", 6_000],
  ["SIGKILL", 0],
]);

/**
 * @typedef {object} Order
 * @property {string} command
 * @property {string[]} args
 * @property {Record<string, string>} env
 * @property {number} [uid]
 * @property {number} [gid]
 */

/** @type {Order} */
const order = JSON.parse(process.argv[2] ?? "{}");

// cwd is "/", because the server's user may be unable to enter the folder in which Keyrack started. stderr is the log
// that Keyrack opened.
const server = spawn(order.command, order.args, {
  cwd: "/",
  env: order.env,
  stdio: ["ignore", 2, 2],
  ...(order.uid === undefined ? {} : { uid: order.uid }),
  ...(order.gid === undefined ? {} : { gid: order.gid }),
});
server.once("error", (error) => {
  process.stderr.write(`keeper: can't run ${order.command} (${error.message})\n`);
  process.exit(1);
});
server.once("exit", (code) => process.exit(code ?? 1));

let isStopping = false;
function stop(step = 0) {
  const next = steps[step];
  if (!next) return;
  server.kill(next[0]);
  setTimeout(() => stop(step + 1), next[1]);
}
function stopOnce() {
  if (isStopping) return;
  isStopping = true;
  stop();
}

process.stdin.once("end", stopOnce).once("close", stopOnce).once("error", stopOnce).resume();
for (const signal of /** @type {const} */ (["SIGTERM", "SIGINT", "SIGHUP"])) process.on(signal, stopOnce);
