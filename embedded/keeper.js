// @ts-check
/**
 * The keeper: a small process between Keyrack and its PostgreSQL. It lives as long as the server and holds one end of a pipe (its stdin) whose other
 * end only Keyrack has. When that end closes, Keyrack has called `stop()` or is gone, be it by `kill -9`: the kernel closes a pipe in every case, so an
 * ordinary stop and a crash take the same road, and no server outlives the process that started it.
 *
 * It is the one plain JavaScript file here because it stands on the way to a ready server: Node 20 cannot run .ts, and starting it through tsx
 * would cost about 0.3 s more than the server itself needs.
 */
import { spawn } from "node:child_process";

/** From "stop now" (open work is rolled back) through "stop at once" (the next start recovers from the log) to "end". Milliseconds until the next. */
const STEPS = /** @type {const} */ ([
  ["SIGINT", 15_000],
  ["SIGQUIT", 6_000],
  ["SIGKILL", 0],
]);

/** @type {{ command: string, args: string[], env: Record<string, string>, uid?: number, gid?: number }} */
const order = JSON.parse(process.argv[2] ?? "{}");

// cwd is '/': the server's user may be unable to enter the folder that Keyrack was started in. stderr is the log that Keyrack opened.
const server = spawn(order.command, order.args, {
  cwd: "/",
  env: order.env,
  stdio: ["ignore", 2, 2],
  ...(order.uid === undefined ? {} : { uid: order.uid }),
  ...(order.gid === undefined ? {} : { gid: order.gid }),
});
server.once("error", (error) => {
  process.stderr.write(`keeper: cannot run ${order.command}: ${error.message}\n`);
  process.exit(1);
});
server.once("exit", (code) => process.exit(code ?? 1));

let stopping = false;
function stop(step = 0) {
  const next = STEPS[step];
  if (!next) return;
  server.kill(next[0]);
  setTimeout(() => stop(step + 1), next[1]);
}
function stopOnce() {
  if (stopping) return;
  stopping = true;
  stop();
}

process.stdin.once("end", stopOnce).once("close", stopOnce).once("error", stopOnce).resume();
for (const signal of /** @type {const} */ (["SIGTERM", "SIGINT", "SIGHUP"])) process.on(signal, stopOnce);
